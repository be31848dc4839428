#include "normalize/venues/binance/feed_context.h"

#include "normalize/venues/binance/binance_adapter.h"
#include "schemas/events/time.h"

namespace millrace::normalize::binance {
namespace {

constexpr UnixNanos kFilledWithin = kSecond / 2;

}  // namespace

EventMeta meta_of(const Header& header, std::optional<std::int64_t> venue_seq) noexcept {
  EventMeta meta;
  meta.venue_seq = venue_seq;
  meta.venue_time = header.happened;
  meta.venue_send_time = header.sent;
  if (header.bad_time) meta.flags |= schemas::flag::kBadVenueTime;
  return meta;
}

bool may_be_filled(std::optional<UnixNanos>& until, bool no_more, StreamKey stream, FeedContext& context) {
  if (!until) until = context.now + kFilledWithin;
  if (no_more || context.now >= *until || !context.connection.doubled(stream)) return false;
  context.todo.wake(until);
  return true;
}

}  // namespace millrace::normalize::binance

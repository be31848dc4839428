#pragma once

#include <cstdint>
#include <optional>

#include "normalize/book/book_audit.h"
#include "normalize/event_sink.h"
#include "normalize/venue_adapter.h"
#include "normalize/venues/binance/messages.h"

namespace millrace::normalize::binance {

class BinanceAdapter;

// What a call of a feed needs from its surroundings. `online` is false while a recording is read: then nothing happens
// by time.
struct FeedContext {
  const BinanceAdapter& connection;  // that the call comes from
  EventSink& out;
  Commands& todo;
  BookAudit* audit = nullptr;
  UnixNanos now = 0;
  bool online = true;
  bool publish_book = true;
  bool publish_bbo = false;  // dataset bbo-book
};

// T and E as they came, and the venue's number.
EventMeta meta_of(const Header& header, std::optional<std::int64_t> venue_seq = {}) noexcept;

// May a hole of the stream still be filled by another connection? Both carry the same messages in the same order, some
// tens of milliseconds apart, so not once both are past it (`no_more`, as if there is no room to wait), nor half a
// second after it showed. `until` is that moment, set by the first call; a wake-up is ordered for it.
bool may_be_filled(std::optional<UnixNanos>& until, bool no_more, StreamKey stream, FeedContext& context);

}  // namespace millrace::normalize::binance

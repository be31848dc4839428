#include "schemas/codec/meta_wire.h"

#include "schemas/codec/wire.h"

namespace millrace::schemas {
namespace wire {
namespace {

constexpr std::size_t kTagAndVarint = 1 + kMaxVarint;
constexpr std::size_t kTagAndFixed = 1 + sizeof(std::int64_t);

// Six varints, four fixed times, and its own tag and length.
constexpr std::size_t kMetaNumbers = 6 * kTagAndVarint + 4 * kTagAndFixed + kTagAndVarint;

// Field numbers of Meta after the identity block, and of GapMark.
enum MetaField : unsigned {
  kEpoch = 5,
  kSeq,
  kVenueSeq,
  kVenueTime,
  kVenueSendTime,
  kReceiveTime,
  kPublishTime,
  kStaleness,
  kOrigin,
  kFlags,
  kGap
};
enum GapField : unsigned { kKind = 1, kFrom, kTo, kCount, kReason };

std::uint8_t* put_times(std::uint8_t* at, const Meta& meta) noexcept {
  if (meta.venue_time) at = put_fixed_field(at, kVenueTime, *meta.venue_time);
  if (meta.venue_send_time) at = put_fixed_field(at, kVenueSendTime, *meta.venue_send_time);
  if (meta.receive_time != 0) at = put_fixed_field(at, kReceiveTime, meta.receive_time);
  if (meta.publish_time) at = put_fixed_field(at, kPublishTime, *meta.publish_time);
  return at;
}

// One byte for the length is the guess: a mark is rarely as long as 128 bytes.
std::uint8_t* put_gaps(std::uint8_t* at, const Meta& meta) noexcept {
  for (const GapMark& mark : meta.gap) {
    *at++ = tag(kGap, Type::kLength);
    at = close_length(at, at + 1, put_gap_mark(at + 1, mark));
  }
  return at;
}

}  // namespace

std::size_t gap_mark_bound(const GapMark& mark) noexcept { return 6 * kTagAndVarint + mark.reason.size() + kSlack; }

std::uint8_t* put_gap_mark(std::uint8_t* at, const GapMark& mark) noexcept {
  at = put_int_unless_zero(at, kKind, static_cast<std::int64_t>(mark.kind));
  if (mark.from) at = put_int_field(at, kFrom, *mark.from);
  if (mark.to) at = put_int_field(at, kTo, *mark.to);
  if (mark.count) at = put_int_field(at, kCount, *mark.count);
  return put_text_unless_empty(at, kReason, mark.reason);
}

std::size_t meta_bound(const Meta& meta) noexcept {
  std::size_t bound = kMetaNumbers + meta.stream->encoded.size() + kSlack;
  for (const GapMark& mark : meta.gap) bound += kTagAndVarint + gap_mark_bound(mark);
  return bound;
}

// The order is that of the field numbers, so that the bytes equal those of generated code. Zeros without presence are
// left out; venue_seq and the times have presence and may be zero.
std::uint8_t* put_meta(std::uint8_t* at, const Meta& meta) noexcept {
  *at++ = tag(1, Type::kLength);
  // Numbers and times of a usual record take some 60 bytes.
  std::uint8_t* const body = at + varint_size(meta.stream->encoded.size() + 60);
  std::uint8_t* end = put_bytes(body, meta.stream->encoded);
  end = put_int_unless_zero(end, kEpoch, meta.epoch);
  end = put_int_unless_zero(end, kSeq, meta.seq);
  if (meta.venue_seq) end = put_int_field(end, kVenueSeq, *meta.venue_seq);
  end = put_times(end, meta);
  end = put_int_unless_zero(end, kStaleness, meta.staleness_ns);
  end = put_int_unless_zero(end, kOrigin, static_cast<std::int64_t>(meta.origin));
  end = put_int_unless_zero(end, kFlags, static_cast<std::int32_t>(meta.flags));
  return close_length(at, body, put_gaps(end, meta));
}

}  // namespace wire

// Fields 1 to 4 in this order are the beginning of every Meta of the stream: put_meta() relies on it.
StreamIdentity make_stream_identity(std::string venue, std::string symbol, std::string instrument,
                                    std::string account) {
  StreamIdentity identity{std::move(venue), std::move(symbol), std::move(instrument), std::move(account), {}};
  const std::string_view fields[] = {identity.venue, identity.symbol, identity.instrument, identity.account};
  std::size_t bound = 0;
  for (const auto field : fields) bound += 1 + wire::kMaxVarint + field.size();
  identity.encoded.resize(bound);
  auto* const begin = reinterpret_cast<std::uint8_t*>(identity.encoded.data());
  std::uint8_t* at = begin;
  for (unsigned i = 0; i < 4; ++i) at = wire::put_text_unless_empty(at, i + 1, fields[i]);
  identity.encoded.resize(static_cast<std::size_t>(at - begin));
  return identity;
}

}  // namespace millrace::schemas

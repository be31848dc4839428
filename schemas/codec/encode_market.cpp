// The three hot messages, laid by hand into the caller's buffer in field order.

#include "schemas/codec/encode.h"
#include "schemas/codec/meta_wire.h"
#include "schemas/codec/wire.h"

namespace millrace::schemas {
namespace {

using wire::put_int_field;
using wire::put_int_unless_zero;
using wire::put_sint_unless_zero;
using wire::put_text_unless_empty;
using wire::put_varint_field;
using wire::zigzag;

// The longest form of a number field. Fields above 15 would need two bytes for the tag; no hot message has one.
constexpr std::size_t kTagAndVarint = 1 + wire::kMaxVarint;

std::uint8_t* begin_of(std::span<std::byte> out) noexcept { return reinterpret_cast<std::uint8_t*>(out.data()); }

std::size_t length(std::span<std::byte> out, const std::uint8_t* end) noexcept {
  return static_cast<std::size_t>(end - reinterpret_cast<const std::uint8_t*>(out.data()));
}

// One packed column of the levels. The first value tells how long the others probably are, which places the body right
// behind its prefix nearly always.
template <std::int64_t Level::*Column>
std::uint8_t* put_column(std::uint8_t* at, unsigned field, std::span<const Level> levels) noexcept {
  if (levels.empty()) return at;
  *at++ = wire::tag(field, wire::Type::kLength);
  const std::size_t likely = wire::varint_size(zigzag(levels.front().*Column)) * levels.size();
  std::uint8_t* const body = at + wire::varint_size(likely);
  std::uint8_t* end = body;
  for (const Level& level : levels) end = wire::put_varint(end, zigzag(level.*Column));
  return wire::close_length(at, body, end);
}

std::uint8_t* put_optional(std::uint8_t* at, unsigned field, const std::optional<std::int64_t>& value) noexcept {
  return value ? put_int_field(at, field, *value) : at;
}

std::uint8_t* put_optional(std::uint8_t* at, unsigned field, const std::optional<std::int32_t>& value) noexcept {
  return value ? put_int_field(at, field, *value) : at;
}

// Price and quantity have neighbouring field numbers; both or neither are written, zeros included, since presence is
// what says that the side exists.
std::uint8_t* put_side(std::uint8_t* at, unsigned field, const std::optional<Level>& level) noexcept {
  if (!level) return at;
  at = put_varint_field(at, field, zigzag(level->price));
  return put_varint_field(at, field + 1, zigzag(level->quantity));
}

}  // namespace

// 14 fields beside Meta: kind, two exponents, four column headers, seven optional numbers.
std::size_t encoded_bound(const Meta& meta, const Book& body) noexcept {
  const std::size_t levels = body.bids.size() + body.asks.size();
  return wire::meta_bound(meta) + levels * 2 * wire::kMaxVarint + 14 * kTagAndVarint + wire::kSlack;
}

std::size_t encoded_bound(const Meta& meta, const Bbo&) noexcept {
  return wire::meta_bound(meta) + 6 * kTagAndVarint + wire::kSlack;
}

std::size_t encoded_bound(const Meta& meta, const Trade& body) noexcept {
  return wire::meta_bound(meta) + body.trade_id.size() + body.order_type.size() + 9 * kTagAndVarint + wire::kSlack;
}

// The numbers are those of book.proto, each column of each side a packed field of its own: neighbouring prices have
// varints of equal length, and readers of one side skip the other.
std::size_t encode(const Meta& meta, const Book& body, std::span<std::byte> out) noexcept {
  std::uint8_t* at = wire::put_meta(begin_of(out), meta);
  at = put_int_unless_zero(at, 2, static_cast<std::int64_t>(body.kind));
  at = put_sint_unless_zero(at, 3, body.price_exponent);
  at = put_sint_unless_zero(at, 4, body.quantity_exponent);
  at = put_column<&Level::price>(at, 5, body.bids);
  at = put_column<&Level::quantity>(at, 6, body.bids);
  at = put_column<&Level::price>(at, 7, body.asks);
  at = put_column<&Level::quantity>(at, 8, body.asks);
  at = put_optional(at, 9, body.venue_seq_first);
  at = put_optional(at, 10, body.venue_seq_prev);
  at = put_optional(at, 11, body.venue_checksum);
  at = put_optional(at, 12, body.price_decimals);
  at = put_optional(at, 13, body.quantity_decimals);
  at = put_optional(at, 14, body.proven_depth);
  at = put_optional(at, 15, body.depth);
  return length(out, at);
}

std::size_t encode(const Meta& meta, const Bbo& body, std::span<std::byte> out) noexcept {
  std::uint8_t* at = wire::put_meta(begin_of(out), meta);
  at = put_sint_unless_zero(at, 2, body.price_exponent);
  at = put_sint_unless_zero(at, 3, body.quantity_exponent);
  at = put_side(at, 4, body.bid);
  at = put_side(at, 6, body.ask);
  return length(out, at);
}

// Texts are copied unchecked: see Trade.
std::size_t encode(const Meta& meta, const Trade& body, std::span<std::byte> out) noexcept {
  std::uint8_t* at = wire::put_meta(begin_of(out), meta);
  at = put_text_unless_empty(at, 2, body.trade_id);
  at = put_sint_unless_zero(at, 3, body.price_exponent);
  at = put_sint_unless_zero(at, 4, body.quantity_exponent);
  at = put_sint_unless_zero(at, 5, body.price);
  at = put_sint_unless_zero(at, 6, body.quantity);
  at = put_int_unless_zero(at, 7, static_cast<std::int64_t>(body.aggressor));
  at = put_optional(at, 8, body.first_trade_id);
  at = put_optional(at, 9, body.last_trade_id);
  at = put_text_unless_empty(at, 10, body.order_type);
  return length(out, at);
}

}  // namespace millrace::schemas

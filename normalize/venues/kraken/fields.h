#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <cstring>
#include <string_view>

#include "normalize/json/ondemand.h"
#include "normalize/time/rfc3339.h"
#include "normalize/venues/kraken/messages.h"

// How the decoders of this folder take one member out of a JSON object. For sources only (simdjson). All look from the
// member read last onwards first, so reading in the venue's order costs one pass; another order still works.
namespace millrace::normalize::kraken {

using simdjson::error_code;

// Is there a backslash in `text`? Eight characters at a time. REQUIRES 8 readable bytes behind the text.
inline bool has_escape(std::string_view text) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101ULL;
  for (std::size_t at = 0; at < text.size(); at += 8) {
    std::uint64_t chars;
    std::memcpy(&chars, text.data() + at, sizeof chars);
    const std::uint64_t zero_where_it_is = chars ^ (kOnes * '\\');
    std::uint64_t found = (zero_where_it_is - kOnes) & ~zero_where_it_is & (kOnes * 0x80);
    if (text.size() - at < 8) found &= (std::uint64_t{1} << (8 * (text.size() - at))) - 1;
    if (found != 0) return true;
  }
  return false;
}

// A JSON string without escapes, straight from the frame; with escapes (a slash may be written "\/"), from the
// parser's buffer.
inline error_code read_string(od::value& value, std::string_view& out) noexcept {
  const Token token = token_of(value.raw_json_token());
  if (!token.quoted) return simdjson::INCORRECT_TYPE;
  if (has_escape(token.text)) return value.get_string().get(out);
  out = token.text;
  return simdjson::SUCCESS;
}

// A JSON number as text. Whether it is one is decided where it is scanned; here only other types are told apart.
inline error_code read_number(od::value& value, std::string_view& out) noexcept {
  const Token token = token_of(value.raw_json_token());
  const char first = token.text.empty() ? ' ' : token.text.front();
  const bool number = first == '-' || (first >= '0' && first <= '9');
  if (token.quoted || !number) return simdjson::INCORRECT_TYPE;
  out = token.text;
  return simdjson::SUCCESS;
}

// The members come as views: into the frame for numbers and plain strings, into the parser's buffer for strings with
// escapes. Both are gone with the next frame.
inline error_code string_member(od::object& object, std::string_view key, std::string_view& out) noexcept {
  od::value value;
  if (const auto error = object.find_field_unordered(key).get(value)) return error;
  return read_string(value, out);
}

// Kraken writes numbers as JSON numbers. Their text is taken, so that "0.10" keeps its digits and nothing becomes a
// double.
inline error_code number_member(od::object& object, std::string_view key, std::string_view& out) noexcept {
  od::value value;
  if (const auto error = object.find_field_unordered(key).get(value)) return error;
  return read_number(value, out);
}

inline error_code int_member(od::object& object, std::string_view key, std::int64_t& out) noexcept {
  return object.find_field_unordered(key).get_int64().get(out);
}

// Is this the error of a member that is not there? Then the optional ones stay empty.
inline error_code unless_absent(error_code error) noexcept {
  return error == simdjson::NO_SUCH_FIELD ? simdjson::SUCCESS : error;
}

// A number that may be absent or null.
inline error_code optional_number(od::object& object, std::string_view key, std::string_view& out) noexcept {
  out = {};
  od::value value;
  if (const auto error = object.find_field_unordered(key).get(value)) return unless_absent(error);
  if (token_of(value.raw_json_token()).text == "null") return simdjson::SUCCESS;
  return read_number(value, out);
}

inline error_code optional_string(od::object& object, std::string_view key, std::string_view& out) noexcept {
  out = {};
  return unless_absent(string_member(object, key, out));
}

// Null counts as a wrong type, not as absent: the venue leaves such members out.
inline error_code optional_int(od::object& object, std::string_view key, std::optional<std::int64_t>& out) noexcept {
  std::int64_t number = 0;
  const auto error = int_member(object, key, number);
  out = error == simdjson::SUCCESS ? std::optional(number) : std::nullopt;
  return unless_absent(error);
}

// A time that may be absent. An unreadable one is not worth a frame: it goes out as BAD_VENUE_TIME.
inline error_code read_time(od::object& object, std::string_view key, WireTime& out) noexcept {
  std::string_view text;
  const auto error = string_member(object, key, text);
  out.time = error == simdjson::SUCCESS ? parse_rfc3339(text) : std::nullopt;
  out.bad = !out.time;
  return unless_absent(error);
}

// Reads what is left of an object up to its end. A frame that was cut may look whole as far as we read it.
inline error_code finish(od::object& object) noexcept { return unless_absent(object.find_field("").error()); }

// The error of a member of data[row].
inline Error data_error(error_code code, std::size_t row, std::string_view member) {
  return {errc_of(code), fmt::format("data[{}].{}", row, member)};
}

// Calls `read(object, row number)` for each object of an array of at most kMaxRows; stops at the first error.
template <class Read>
Result<void> for_each_row(od::array& rows, std::string_view place, Read&& read) {
  std::size_t row = 0;
  for (auto element : rows) {
    od::object object;
    if (const auto error = element.get_object().get(object))
      return field_error(error, fmt::format("{}[{}]", place, row));
    if (row == kMaxRows) return Error{Errc::kTooLarge, std::string(place)};
    if (auto done = read(object, row); !done) return done;
    ++row;
  }
  return {};
}

// The decoders of one channel each; `root` stands behind "channel" and "type".
Result<void> read_book(od::object& root, BookBody& out);
Result<void> read_trades(od::object& root, std::vector<TradeRow>& out);
Result<void> read_tickers(od::object& root, std::vector<TickerRow>& out);
Result<void> read_candles(od::object& root, Message& out);
Result<void> read_pairs(od::object& root, Message& out);

}  // namespace millrace::normalize::kraken

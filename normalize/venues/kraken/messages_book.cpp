#include <limits>

#include "normalize/venues/kraken/fields.h"

namespace millrace::normalize::kraken {

namespace {

// [{"price":0.5666,"qty":4831.75496356},...]
// `place` names the member that was being read, so that an error costs no text while all is well.
error_code read_levels(od::object& object, std::string_view side, std::vector<BookRow>& out, std::string_view& place) {
  out.clear();
  od::array rows;
  place = {};
  if (const auto error = object.find_field_unordered(side).get_array().get(rows)) return error;
  for (auto element : rows) {
    od::object level;
    if (const auto error = element.get_object().get(level)) return error;
    if (out.size() == kMaxBookRows) return simdjson::CAPACITY;
    BookRow& row = out.emplace_back();
    place = "price";
    if (const auto error = number_member(level, "price", row.price)) return error;
    place = "qty";
    if (const auto error = number_member(level, "qty", row.quantity)) return error;
    place = {};
  }
  return simdjson::SUCCESS;
}

// Where read_levels stopped: in a member of the row it had begun, or in the array itself.
Error level_error(error_code code, std::string_view side, std::size_t rows, std::string_view member) {
  if (member.empty()) return data_error(code, 0, side);
  return {errc_of(code), fmt::format("data[0].{}[{}].{}", side, rows - 1, member)};
}

// An unsigned 32-bit number; a larger one is a frame that does not mean what we think.
error_code read_checksum(od::object& object, std::uint32_t& out) noexcept {
  std::uint64_t number = 0;
  if (const auto error = object.find_field_unordered("checksum").get_uint64().get(number)) return error;
  if (number > std::numeric_limits<std::uint32_t>::max()) return simdjson::NUMBER_OUT_OF_RANGE;
  out = static_cast<std::uint32_t>(number);
  return simdjson::SUCCESS;
}

// In the order in which the venue sends the members: one pass over the frame.
Result<void> read_body(od::object& object, BookBody& out) {
  if (const auto error = string_member(object, "symbol", out.symbol)) return data_error(error, 0, "symbol");
  std::string_view member;
  if (const auto error = read_levels(object, "bids", out.bids, member)) {
    return level_error(error, "bids", out.bids.size(), member);
  }
  if (const auto error = read_levels(object, "asks", out.asks, member)) {
    return level_error(error, "asks", out.asks.size(), member);
  }
  if (const auto error = read_checksum(object, out.checksum)) return data_error(error, 0, "checksum");
  if (const auto error = read_time(object, "timestamp", out.time)) return data_error(error, 0, "timestamp");
  return {};
}

}  // namespace

// {"channel":"book","type":"update","data":[{"symbol":"MATIC/USD","bids":[{"price":0.5657,"qty":1098.3947558}],
//  "asks":[],"checksum":2114181697,"timestamp":"2023-10-06T17:35:55.440295Z"}]}
MILLRACE_FLATTEN Result<void> read_book(od::object& root, BookBody& out) {
  od::array rows;
  if (const auto error = root.find_field_unordered("data").get_array().get(rows)) return field_error(error, "data");
  std::size_t count = 0;
  for (auto element : rows) {
    od::object object;
    if (const auto error = element.get_object().get(object)) return field_error(error, "data[0]");
    // One checksum belongs to one book: the venue sends exactly one element.
    if (count++ != 0) return Error{Errc::kTooLarge, "data[1]"};
    if (auto done = read_body(object, out); !done) return done;
  }
  if (count == 0) return Error{Errc::kMissingField, "data[0]"};
  return {};
}

}  // namespace millrace::normalize::kraken

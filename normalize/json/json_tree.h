#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "normalize/error.h"
#include "normalize/json/json_parser.h"
#include "schemas/events/decimal.h"
#include "schemas/events/meta.h"

// A whole JSON text as a tree, for messages that are rare and read in any order: account events, REST answers. Numbers
// stay text, so that nothing becomes a double. What is hot is read with ondemand.h instead.
namespace millrace::normalize {

// One value. Owns what it holds; `text` is a string's value without escapes, or the token of a number or word.
struct JsonNode {
  enum class Type : std::uint8_t { kNull, kBoolean, kNumber, kString, kArray, kObject };
  Type type = Type::kNull;
  std::string key;  // of a member
  std::string text;
  std::vector<JsonNode> children;  // elements or members, in order

  // A member of an object; the first of that key. Null: not there, or no object.
  const JsonNode* find(std::string_view wanted) const noexcept;
};

// `text` must be followed by kFramePadding readable bytes. Errors: kBadJson (also for what stands behind the value),
// kTooLarge beyond kMaxJsonNodes values or kMaxJsonDepth levels.
Result<JsonNode> parse_json(JsonParser& parser, std::string_view text);
inline constexpr std::size_t kMaxJsonNodes = 2'000'000;
inline constexpr int kMaxJsonDepth = 24;

// Reads the members of one object and keeps the first error with its place, so that a decoder reads on and asks once:
//
//   ObjectReader row(node, "data[0]");
//   fill.order_id = row.text("order_id");
//   fill.last_quantity = row.number("last_qty");
//   if (auto error = row.error()) return *error;
//
// "need" = an error if it is absent. Absent, null and, for numbers, an empty string are the same thing. Wrong types are
// always errors. Venues quote numbers or do not: both are read.
class ObjectReader {
 public:
  // `place` begins every error's place. A node that is no object is an error.
  ObjectReader(const JsonNode& node, std::string place);

  std::string text(std::string_view key);
  std::string need_text(std::string_view key);
  std::optional<schemas::WideDecimal> number(std::string_view key);
  std::optional<schemas::WideDecimal> need_number(std::string_view key);
  std::optional<std::int64_t> integer(std::string_view key);
  std::int64_t need_integer(std::string_view key);
  // Also "true" and "false" as strings.
  std::optional<bool> boolean(std::string_view key);
  // RFC 3339; unreadable = absent, with bad_time() set: not worth losing an event for.
  std::optional<schemas::UnixNanos> rfc3339(std::string_view key);
  // An integer of milliseconds since 1970, also quoted.
  std::optional<schemas::UnixNanos> millis(std::string_view key);
  // An array's elements or an object, null if absent; another type is an error.
  const JsonNode* array(std::string_view key);
  const JsonNode* object(std::string_view key);

  // For what a decoder finds wrong by itself.
  void fail(Errc code, std::string_view key);

  bool bad_time() const noexcept { return bad_time_; }
  const std::optional<Error>& error() const noexcept { return error_; }
  const std::string& place() const noexcept { return place_; }

 private:
  const JsonNode* member(std::string_view key) const noexcept;  // null also for null
  const JsonNode* need(std::string_view key);

  const JsonNode& node_;
  std::string place_;
  std::optional<Error> error_;
  bool bad_time_ = false;
};

}  // namespace millrace::normalize

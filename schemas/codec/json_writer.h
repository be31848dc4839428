#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "schemas/events/decimal.h"

namespace millrace::schemas {

// Appends one JSON object, field by field. Text may be anything: what is not UTF-8 becomes U+FFFD. Absent numbers and
// empty texts are left out. Keys are literals of the caller and are not escaped. `out` must outlive the writer; what
// stood in it before is kept, so several objects can be written to one buffer.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) { out_ += '{'; }

  void text(std::string_view key, std::string_view value);
  void integer(std::string_view key, std::int64_t value);
  // As a string of plain digits: a JSON number would be read into a double.
  void decimal(std::string_view key, Decimal value);
  void decimal(std::string_view key, const std::optional<WideDecimal>& value);
  void boolean(std::string_view key, bool value);

  template <class Integer>
  void integer(std::string_view key, const std::optional<Integer>& value) {
    if (value) integer(key, static_cast<std::int64_t>(*value));
  }

  void texts(std::string_view key, std::span<const std::string> values);  // an array of them

  // Nested: what lies between open and close is inside.
  void open_object(std::string_view key);
  void close_object();
  void open_array(std::string_view key);
  void close_array();

  // Elements of an array: a text, an object (ended by close_object), a ["price","quantity"] pair.
  void element(std::string_view value);
  void element_object();
  void element_pair(Decimal price, Decimal quantity);

  // Ends the object. Call once, last.
  void finish() { out_ += '}'; }

 private:
  void key(std::string_view name);
  void comma();
  void quoted(std::string_view value);

  std::string& out_;
  bool first_ = true;  // nothing written yet in the innermost object or array
};

}  // namespace millrace::schemas

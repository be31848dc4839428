#include "schemas/codec/json_writer.h"

#include <fmt/format.h>

#include <algorithm>

#include "schemas/codec/utf8.h"

namespace millrace::schemas {
namespace {

// The minimum that RFC 8259 asks for: everything else goes through as UTF-8.
bool needs_escape(char c) noexcept { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; }

void append_escape(char c, std::string& out) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
  }
}

// Copies whole runs between escapes, which are rare in names and reasons.
void append_escaped(std::string_view text, std::string& out) {
  while (!text.empty()) {
    const auto stop = std::find_if(text.begin(), text.end(), needs_escape);
    const auto plain = static_cast<std::size_t>(stop - text.begin());
    out += text.substr(0, plain);
    if (stop == text.end()) return;
    append_escape(*stop, out);
    text.remove_prefix(plain + 1);
  }
}

void append_number(std::int64_t value, std::string& out) {
  const fmt::format_int digits(value);
  out.append(digits.data(), digits.size());
}

}  // namespace

void JsonWriter::comma() {
  if (!first_) out_ += ',';
  first_ = false;
}

// Checked before it is escaped: whole text is copied as it is, and only what is broken is copied twice.
void JsonWriter::quoted(std::string_view value) {
  out_ += '"';
  if (is_valid_utf8(value)) {
    append_escaped(value, out_);
  } else {
    append_escaped(repaired_utf8(value), out_);
  }
  out_ += '"';
}

void JsonWriter::key(std::string_view name) {
  comma();
  out_.append(1, '"').append(name).append("\":");
}

void JsonWriter::text(std::string_view name, std::string_view value) {
  if (value.empty()) return;
  key(name);
  quoted(value);
}

void JsonWriter::integer(std::string_view name, std::int64_t value) {
  key(name);
  append_number(value, out_);
}

void JsonWriter::decimal(std::string_view name, Decimal value) {
  key(name);
  out_ += '"';
  append_plain(value, out_);
  out_ += '"';
}

void JsonWriter::decimal(std::string_view name, const std::optional<WideDecimal>& value) {
  if (!value) return;
  if (value->text.empty()) return decimal(name, value->value);
  text(name, value->text);
}

void JsonWriter::boolean(std::string_view name, bool value) {
  key(name);
  out_ += value ? "true" : "false";
}

void JsonWriter::open_object(std::string_view name) {
  key(name);
  out_ += '{';
  first_ = true;
}

void JsonWriter::close_object() {
  out_ += '}';
  first_ = false;
}

void JsonWriter::open_array(std::string_view name) {
  key(name);
  out_ += '[';
  first_ = true;
}

void JsonWriter::close_array() {
  out_ += ']';
  first_ = false;
}

void JsonWriter::texts(std::string_view key, std::span<const std::string> values) {
  open_array(key);
  for (const std::string& value : values) element(value);
  close_array();
}

void JsonWriter::element(std::string_view value) {
  comma();
  quoted(value);
}

void JsonWriter::element_object() {
  comma();
  out_ += '{';
  first_ = true;
}

// The hot part of a book's JSON: two numbers that need no escape.
void JsonWriter::element_pair(Decimal price, Decimal quantity) {
  comma();
  out_ += "[\"";
  append_plain(price, out_);
  out_ += "\",\"";
  append_plain(quantity, out_);
  out_ += "\"]";
}

}  // namespace millrace::schemas

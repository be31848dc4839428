#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>

#include "normalize/error.h"
#include "normalize/json/json_parser.h"

// What decoders need beside simdjson's On-Demand interface. Include from sources only. The rules that make it fast:
// read the fields in the order in which the venue sends them, and mark the one function per message that does so
// MILLRACE_FLATTEN (everything inlined; without it 1.2 to 2.2 times slower, and drifting with unrelated edits).
namespace millrace::normalize {

#define MILLRACE_FLATTEN __attribute__((flatten))

namespace od = simdjson::ondemand;

// Grows to the largest document seen and keeps that.
struct JsonParser::Impl {
  od::parser parser;
};

// The Errc that a simdjson error means for a frame.
Errc errc_of(simdjson::error_code code) noexcept;

// Opens a document over padded text (kFramePadding readable bytes behind it). The document and every view taken from it
// live until the next call with this parser, and no longer than `text`. On-Demand looks at a value only when it is
// asked for, so broken JSON behind the last member that was read shows only at the end of the document.
inline simdjson::error_code open_document(JsonParser& parser, std::string_view text, od::document& document) noexcept {
  static_assert(simdjson::SIMDJSON_PADDING <= 64);
  const simdjson::padded_string_view padded(text.data(), text.size(), text.size() + simdjson::SIMDJSON_PADDING);
  return parser.impl().parser.iterate(padded).get(document);
}

// A scalar token as it stands on the wire ("61837.63", 40.0, true), without quotes and the white space behind it.
// Escapes stay as they are: for numbers and symbols, not for prose. `quoted` says whether it was a string.
struct Token {
  std::string_view text;
  bool quoted = false;
};
inline Token token_of(std::string_view raw) noexcept {
  while (!raw.empty() && static_cast<unsigned char>(raw.back()) <= ' ') raw.remove_suffix(1);
  if (raw.size() >= 2 && raw.front() == '"' && raw.back() == '"') return {raw.substr(1, raw.size() - 2), true};
  return {raw, false};
}

// The error of a field, with its place; the way out of a decoder. Allocates, so it is for errors only.
Error field_error(simdjson::error_code code, std::string_view place);
// "bids[3].price": the place of a member of a row.
std::string row_place(std::string_view array, std::size_t row, std::string_view member);

}  // namespace millrace::normalize

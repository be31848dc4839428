#pragma once

#include <algorithm>
#include <span>
#include <string_view>

#include "normalize/json/decimal_scan.h"
#include "normalize/json/ondemand.h"
#include "normalize/venues/binance/messages.h"

// The inside of MessageDecoder: one function per message, each walking the fields once in document order, so that any
// order of keys decodes and the usual one is fast. Sources only.
namespace millrace::normalize::binance {

inline constexpr std::int64_t kNanosPerMilli = 1'000'000;
inline constexpr std::int64_t kNanosPerMicro = 1'000;
inline constexpr std::int64_t kMaxMillis = 9'000'000'000'000;      // the year 2255: what ns in 64 bits hold
inline constexpr std::int64_t kMinMicros = 100'000'000'000'000;    // 1973; as ms it would be the year 5138
inline constexpr std::int64_t kMaxMicros = 9'000'000'000'000'000;  // 2255

// ms since 1970 (us, if the connection was opened with timeUnit=MICROSECOND) in ns; nullopt if absurd.
inline std::optional<schemas::UnixNanos> nanos_from_wire(std::int64_t time) noexcept {
  if (time > 0 && time <= kMaxMillis) return time * kNanosPerMilli;
  if (time >= kMinMicros && time <= kMaxMicros) return time * kNanosPerMicro;
  return std::nullopt;
}

// More rows a side than any answer of the venue has; beyond it a frame is an attack or a mistake.
inline constexpr std::size_t kMaxRows = 50'000;

// Keeps the memory of the rows.
inline void clear(Depth& depth) noexcept {
  static_cast<Header&>(depth) = {};
  depth.ids = {};
  depth.decimals = {};
  depth.bids.clear();
  depth.asks.clear();
}

// A number that a message holds as text, to be read once the instrument's decimals are known.
struct NumberField {
  const char* text = nullptr;  // behind the opening quote; null = not there
  std::int64_t* mantissa;
  std::string_view key;
  bool is_price;
};

// A view for one frame: it holds references only and costs nothing to make. Values are read in document order, once
// each, as On-Demand wants it; so numbers whose decimals are not known yet are remembered as text (NumberField).
struct MessageReader {
  MessageDecoder& decoder;
  std::string_view prefix;  // of places: "data." in the combined form

  // Each fills the decoder's member of its kind. False: an error with its place is recorded, and the member holds
  // anything.
  bool read_quote(od::object& object);
  bool read_depth(od::object& object);
  bool read_trade(od::object& object, MessageKind kind);
  bool read_snapshot(od::object& object);
  bool read_candle(od::object& object);
  bool read_ticker(od::object& object);
  bool read_reply(od::object& object);

  // All record an error with its place and return false.
  bool fail(Errc code, std::string_view key);
  bool fail(simdjson::error_code code, std::string_view key) { return fail(errc_of(code), key); }
  // simdjson calls an integer of more than 64 bits a wrong type.
  bool fail_integer(od::value& value, std::string_view key);
  bool fail_syntax(simdjson::error_code code) { return fail(errc_of(code), "syntax"); }

  // Calls on_field(key, value) for every field; `key` is behind the opening quote. Stops when it returns false.
  template <class OnField>
  bool each_field(od::object& object, OnField&& on_field) {
    for (auto item : object) {
      if (item.error() != simdjson::SUCCESS) return fail_syntax(item.error());
      const char* const key = item.key().value_unsafe().raw();
      od::value value = item.value().value_unsafe();
      if (!on_field(key, value)) return false;
    }
    return true;
  }
  static bool is(const char* key, std::string_view name) noexcept {
    return std::string_view(key, name.size()) == name && key[name.size()] == '"';
  }

  bool read_integer(od::value& value, std::string_view key, std::int64_t& out) {
    const auto code = value.get_int64().get(out);
    return code == simdjson::SUCCESS || fail_integer(value, key);
  }
  // `out` points behind the opening quote, into the frame.
  bool read_text(od::value& value, std::string_view key, const char*& out) {
    od::raw_json_string text;
    if (const auto code = value.get_raw_json_string().get(text)) return fail(code, key);
    out = text.raw();
    return true;
  }
  // Some symbols have letters outside ASCII; recorders may have escaped them.
  bool read_symbol(od::value& value, Header& header) {
    if (value.raw_json_token().find('\\') != std::string_view::npos) return read_escaped_symbol(value, header);
    const char* text = nullptr;
    if (!read_text(value, "s", text)) return false;
    header.symbol = text_to_quote(text);
    header.instrument = decoder.table_.find_padded(header.symbol);
    return true;
  }
  bool read_escaped_symbol(od::value& value, Header& header);
  // A time never fails a message: without it the rest is still true.
  static void read_time(od::value& value, Header& header, std::optional<schemas::UnixNanos>& out) {
    std::int64_t time = 0;
    if (value.get_int64().get(time) == simdjson::SUCCESS) out = nanos_from_wire(time);
    header.bad_time |= !out;
  }
  // E, T and s of every message; false only if one of them failed. Anything else is left alone.
  bool read_common(const char* key, od::value& value, Header& header) {
    switch (key[0]) {
      case 'E':
        read_time(value, header, header.sent);
        return true;
      case 'T':
        read_time(value, header, header.happened);
        return true;
      case 's':
        return read_symbol(value, header);
      default:
        return true;
    }
  }

  // All numbers at the same decimals. A finer one than the instrument had so far starts over with more.
  bool scan(std::span<const NumberField> fields, Decimals& decimals) {
    for (const NumberField& field : fields) {
      const int at = field.is_price ? decimals.price : decimals.quantity;
      if (scan_quoted(field.text, at, *field.mantissa) != Scan::kOk) return scan_finer(fields, decimals);
    }
    return true;
  }
  bool scan_finer(std::span<const NumberField> fields, Decimals& decimals);
  bool read_rows(od::value& value, std::string_view key, std::vector<schemas::Level>& side,
                 std::vector<schemas::Level>& other, Decimals& decimals);
  // One number of a row; moves on to the next cell.
  bool read_cell(od::array_iterator& cell, const od::array_iterator& end, bool is_price,
                 std::vector<schemas::Level>& side, std::vector<schemas::Level>& other, Decimals& decimals,
                 std::int64_t& out, Errc& bad) {
    bad = Errc::kMissingField;
    if (!(cell != end)) return false;
    od::raw_json_string text;
    if (const auto code = (*cell).get_raw_json_string().get(text)) {
      bad = errc_of(code);
      return false;
    }
    Scan got = scan_quoted(text.raw(), is_price ? decimals.price : decimals.quantity, out);
    if (got == Scan::kFiner) got = scan_finer_cell(text.raw(), is_price, side, other, decimals, out);
    bad = Errc::kBadNumber;
    ++cell;
    return got == Scan::kOk;
  }
  // A number finer than the rows before it: they move to its decimals.
  Scan scan_finer_cell(const char* text, bool is_price, std::vector<schemas::Level>& side,
                       std::vector<schemas::Level>& other, Decimals& decimals, std::int64_t& out);
  std::optional<schemas::WideDecimal> wide(od::value& value, std::string_view key);
};

// Multiplies by 10^steps; false, with some rows changed, if a number does not fit.
bool raise_prices(std::vector<schemas::Level>& rows, int steps) noexcept;
bool raise_quantities(std::vector<schemas::Level>& rows, int steps) noexcept;

}  // namespace millrace::normalize::binance

#pragma once

#include <span>
#include <string_view>

#include "normalize/json/decimal_scan.h"
#include "normalize/json/ondemand.h"
#include "normalize/venues/binance/messages.h"

// The inside of MessageDecoder: one function per message, each walking the fields once in document order, so that any
// order of keys decodes and the usual one is fast. Sources only.
namespace millrace::normalize::binance {

// A number that a message holds as text, to be read once the instrument's decimals are known.
struct NumberField {
  const char* text = nullptr;  // behind the opening quote; null = not there
  std::int64_t* mantissa;
  std::string_view key;
  bool is_price;
};

struct MessageReader {
  MessageDecoder& decoder;
  std::string_view prefix;  // of places: "data." in the combined form

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
    return code == simdjson::SUCCESS || fail(code, key);
  }
  bool read_text(od::value& value, std::string_view key, const char*& out) {
    od::raw_json_string text;
    if (const auto code = value.get_raw_json_string().get(text)) return fail(code, key);
    out = text.raw();
    return true;
  }
  bool read_symbol(od::value& value, Header& header, std::string_view key = "s");
  // A time never fails a message: without it the rest is still true.
  static void read_time(od::value& value, Header& header, std::optional<schemas::UnixNanos>& out);
  // E, T and s of every message; false only if one of them failed. Anything else is left alone.
  bool read_common(const char* key, od::value& value, Header& header);

  Decimals first_decimals(const Header& header) const noexcept;
  bool scan(std::span<const NumberField> fields, Decimals& decimals);
  bool read_rows(od::value& value, std::string_view key, std::vector<schemas::Level>& side,
                 std::vector<schemas::Level>& other, Decimals& decimals);
  bool scan_cell(od::value& value, bool is_price, std::vector<schemas::Level>& side, std::vector<schemas::Level>& other,
                 Decimals& decimals, std::int64_t& out, Errc& error);
  std::optional<schemas::WideDecimal> wide(od::value& value, std::string_view key);
};

// ms since 1970 (us, if the connection was opened with timeUnit=MICROSECOND) in ns; nullopt if absurd.
std::optional<schemas::UnixNanos> nanos_from_wire(std::int64_t time) noexcept;

// Multiplies by 10^steps; false, with some rows changed, if a number does not fit.
bool raise_prices(std::vector<schemas::Level>& rows, int steps) noexcept;
bool raise_quantities(std::vector<schemas::Level>& rows, int steps) noexcept;

}  // namespace millrace::normalize::binance

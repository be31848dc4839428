#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "normalize/account/decimal_math.h"
#include "normalize/json/json_tree.h"
#include "normalize/venues/binance/account_report.h"
#include "normalize/venues/binance/message_reader.h"

// What the readers of account messages share. Sources only.
namespace millrace::normalize::binance {

// ms since 1970, or us, also quoted (listenKeyExpired). 0 stands for "not known" in REST rows.
inline std::optional<UnixNanos> read_time(ObjectReader& row, std::string_view key, bool& bad) {
  const std::string text = row.text(key);
  if (text.empty() || text == "0") return std::nullopt;
  std::int64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = failed == std::errc{} && end == text.data() + text.size();
  const auto time = whole ? nanos_from_wire(value) : std::nullopt;
  bad = bad || !time;
  return time;
}

// Binance writes 0 for "none": a market order's price, the stop price of an order without one.
inline std::optional<schemas::WideDecimal> number_if_any(ObjectReader& row, std::string_view key) {
  auto value = row.number(key);
  if (value && sign(*value) == 0) value.reset();
  return value;
}

inline std::string absent_if(std::string text, std::string_view none) { return text == none ? std::string() : text; }

}  // namespace millrace::normalize::binance

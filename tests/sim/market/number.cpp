#include "tests/sim/market/number.h"

#include <fmt/format.h>

#include <charconv>
#include <ctime>
#include <iterator>

namespace millrace::sim {

std::int64_t power_of_ten(int exponent) noexcept {
  std::int64_t value = 1;
  for (int i = 0; i < exponent; ++i) value *= 10;
  return value;
}

void append_fixed(std::string& out, std::int64_t mantissa, int decimals, int shown) {
  char digits[24];
  const bool negative = mantissa < 0;
  const auto magnitude = negative ? 0 - static_cast<std::uint64_t>(mantissa) : static_cast<std::uint64_t>(mantissa);
  const auto end = std::to_chars(digits, std::end(digits), magnitude).ptr;
  const int length = static_cast<int>(end - digits);
  if (negative) out += '-';
  if (length <= decimals) {
    out += "0.";
    out.append(static_cast<std::size_t>(decimals - length), '0');
    out.append(digits, static_cast<std::size_t>(length));
  } else {
    out.append(digits, static_cast<std::size_t>(length - decimals));
    if (decimals > 0) out += '.';
    out.append(digits + (length - decimals), static_cast<std::size_t>(decimals));
  }
  if (shown <= decimals) return;
  if (decimals == 0) out += '.';
  out.append(static_cast<std::size_t>(shown - decimals), '0');
}

std::string fixed(std::int64_t mantissa, int decimals, int shown) {
  std::string out;
  append_fixed(out, mantissa, decimals, shown);
  return out;
}

namespace {

// The exponent of "1e-08" and the text before it.
struct Split {
  std::string_view number;
  int exponent = 0;
};

Split split_exponent(std::string_view text) noexcept {
  const auto e = text.find_first_of("eE");
  if (e == std::string_view::npos) return {text, 0};
  auto tail = text.substr(e + 1);
  if (!tail.empty() && tail.front() == '+') tail.remove_prefix(1);
  Split split{text.substr(0, e), 0};
  std::from_chars(tail.data(), tail.data() + tail.size(), split.exponent);
  return split;
}

int places_after_point(std::string_view number) noexcept {
  const auto point = number.find('.');
  return point == std::string_view::npos ? 0 : static_cast<int>(number.size() - point - 1);
}

}  // namespace

int decimals_in(std::string_view text) noexcept {
  const Split split = split_exponent(text);
  const int decimals = places_after_point(split.number) - split.exponent;
  return decimals > 0 ? decimals : 0;
}

std::optional<std::int64_t> parse_fixed(std::string_view text, int decimals) noexcept {
  const Split split = split_exponent(text);
  const bool negative = !split.number.empty() && split.number.front() == '-';
  std::int64_t mantissa = 0;
  int digits = 0;
  for (const char c : split.number.substr(negative ? 1 : 0)) {
    if (c == '.') continue;
    if (c < '0' || c > '9' || digits >= 18) return std::nullopt;
    mantissa = mantissa * 10 + (c - '0');
    if (mantissa != 0) ++digits;
  }
  int shift = decimals - (places_after_point(split.number) - split.exponent);
  for (; shift > 0; --shift) {
    if (__builtin_mul_overflow(mantissa, std::int64_t{10}, &mantissa)) return std::nullopt;
  }
  for (; shift < 0; ++shift) {
    if (mantissa % 10 != 0) return std::nullopt;
    mantissa /= 10;
  }
  return negative ? -mantissa : mantissa;
}

void append_rfc3339(std::string& out, std::int64_t unix_ns, int digits) {
  const auto seconds = static_cast<std::time_t>(unix_ns / 1'000'000'000);
  const std::int64_t rest = unix_ns % 1'000'000'000;
  std::tm when{};
  gmtime_r(&seconds, &when);
  const std::int64_t fraction = digits == 9 ? rest : rest / 1000;
  fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:0{}}Z", when.tm_year + 1900,
                 when.tm_mon + 1, when.tm_mday, when.tm_hour, when.tm_min, when.tm_sec, fraction, digits);
}

}  // namespace millrace::sim

#include "normalize/time/rfc3339.h"

#include <chrono>
#include <cstdint>

#include "schemas/events/time.h"

namespace millrace::normalize {

namespace {

constexpr std::int64_t kSecondsPerDay = 86'400;
constexpr std::size_t kDateTimeSize = 19;  // "2023-10-06T17:35:55"

// Two digits at `at`, or a negative number.
constexpr int two_digits(std::string_view text, std::size_t at) noexcept {
  const int tens = text[at] - '0';
  const int ones = text[at + 1] - '0';
  return (tens < 0 || tens > 9 || ones < 0 || ones > 9) ? -1 : tens * 10 + ones;
}

// Seconds since 1970 of the fixed part, as if it were UTC.
// The calendar does the checking: 2023-02-29 is refused, not moved to March.
std::optional<std::int64_t> seconds_of(std::string_view text) noexcept {
  const bool shaped = text[4] == '-' && text[7] == '-' && (text[10] == 'T' || text[10] == 't' || text[10] == ' ') &&
                      text[13] == ':' && text[16] == ':';
  const int century = two_digits(text, 0), year = two_digits(text, 2), month = two_digits(text, 5);
  const int day = two_digits(text, 8), hour = two_digits(text, 11), minute = two_digits(text, 14);
  const int second = two_digits(text, 17);
  if (!shaped || century < 0 || year < 0 || month < 0 || day < 0) return std::nullopt;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{century * 100 + year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  return days * kSecondsPerDay + hour * 3600 + minute * 60 + second;
}

// Reads ".440295" off the front of `rest`; 0 if there is no fraction.
std::optional<std::int64_t> take_fraction(std::string_view& rest) noexcept {
  if (rest.empty() || rest[0] != '.') return 0;
  rest.remove_prefix(1);
  std::int64_t nanos = 0;
  std::int64_t unit = kSecond / 10;
  std::size_t digits = 0;
  for (; digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9'; ++digits) {
    const int digit = rest[digits] - '0';
    if (unit == 0 && digit != 0) return std::nullopt;  // finer than we can say: never rounded
    nanos += digit * unit;
    unit /= 10;
  }
  if (digits == 0) return std::nullopt;
  rest.remove_prefix(digits);
  return nanos;
}

// Seconds to subtract for the zone "Z", "+hh:mm" or "-hh:mm", which must be all that is left.
std::optional<std::int64_t> zone_seconds(std::string_view rest) noexcept {
  if (rest == "Z" || rest == "z") return 0;
  if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-') || rest[3] != ':') return std::nullopt;
  const int hours = two_digits(rest, 1);
  const int minutes = two_digits(rest, 4);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
  const std::int64_t offset = hours * 3600 + minutes * 60;
  return rest[0] == '-' ? -offset : offset;
}

}  // namespace

// No strptime or get_time: both depend on the locale, stop at seconds and are many times slower.
std::optional<schemas::UnixNanos> parse_rfc3339(std::string_view text) noexcept {
  if (text.size() <= kDateTimeSize) return std::nullopt;
  const auto seconds = seconds_of(text);
  std::string_view rest = text.substr(kDateTimeSize);
  const auto nanos = take_fraction(rest);
  if (!seconds || !nanos) return std::nullopt;
  const auto zone = zone_seconds(rest);
  if (!zone) return std::nullopt;
  std::int64_t time = 0;
  if (__builtin_mul_overflow(*seconds - *zone, kSecond, &time)) return std::nullopt;
  if (__builtin_add_overflow(time, *nanos, &time) || time < 0) return std::nullopt;
  return time;
}

}  // namespace millrace::normalize

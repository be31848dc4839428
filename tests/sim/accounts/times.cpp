#include "tests/sim/accounts/times.h"

#include <fmt/format.h>

#include <charconv>
#include <ctime>

#include "schemas/events/time.h"

namespace millrace::sim::accounts {

namespace {

// The digits at `at`; nullopt if there are fewer than `size`.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t size) {
  if (text.size() < at + size) return std::nullopt;
  int value = 0;
  const char* const begin = text.data() + at;
  const auto read = std::from_chars(begin, begin + size, value);
  return read.ec == std::errc() && read.ptr == begin + size ? std::optional(value) : std::nullopt;
}

// Minutes of "Z", "+02:00", "-04:00".
std::optional<int> offset_of(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() != 6 || text[3] != ':' || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const auto hours = digits(text, 1, 2);
  const auto minutes = digits(text, 4, 2);
  if (!hours || !minutes) return std::nullopt;
  return (text[0] == '-' ? -1 : 1) * (*hours * 60 + *minutes);
}

}  // namespace

std::string rfc3339(std::int64_t unix_ns, int digits_at_most, int offset_minutes) {
  const std::int64_t local = unix_ns + offset_minutes * 60 * kSecond;
  const auto seconds = static_cast<std::time_t>(local / kSecond);
  std::tm when{};
  gmtime_r(&seconds, &when);
  std::string out = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", when.tm_year + 1900, when.tm_mon + 1,
                                when.tm_mday, when.tm_hour, when.tm_min, when.tm_sec);
  std::string fraction = fmt::format("{:09}", local % kSecond).substr(0, static_cast<std::size_t>(digits_at_most));
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  if (!fraction.empty()) out.append(".").append(fraction);
  if (offset_minutes == 0) return out + "Z";
  const int size = offset_minutes < 0 ? -offset_minutes : offset_minutes;
  return out + fmt::format("{}{:02}:{:02}", offset_minutes < 0 ? '-' : '+', size / 60, size % 60);
}

std::optional<std::int64_t> parse_time(std::string_view text) {
  const auto year = digits(text, 0, 4);
  const auto month = digits(text, 5, 2);
  const auto day = digits(text, 8, 2);
  if (!year || !month || !day || text[4] != '-' || text[7] != '-') return std::nullopt;
  std::tm when{};
  when.tm_year = *year - 1900;
  when.tm_mon = *month - 1;
  when.tm_mday = *day;
  if (text.size() == 10) return timegm(&when) * kSecond;
  const auto hour = digits(text, 11, 2);
  const auto minute = digits(text, 14, 2);
  const auto second = digits(text, 17, 2);
  if (!hour || !minute || !second) return std::nullopt;
  when.tm_hour = *hour;
  when.tm_min = *minute;
  when.tm_sec = *second;
  std::string_view rest = text.substr(19);
  std::int64_t fraction = 0;
  if (!rest.empty() && rest.front() == '.') {
    rest.remove_prefix(1);
    std::int64_t unit = kSecond;
    while (!rest.empty() && rest.front() >= '0' && rest.front() <= '9') {
      unit /= 10;
      fraction += (rest.front() - '0') * unit;
      rest.remove_prefix(1);
    }
  }
  const auto offset = offset_of(rest);
  if (!offset) return std::nullopt;
  return (timegm(&when) - *offset * 60) * kSecond + fraction;
}

}  // namespace millrace::sim::accounts

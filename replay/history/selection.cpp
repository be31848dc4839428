#include "replay/history/selection.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>

namespace millrace::history {
namespace {

using schemas::UnixNanos;

bool contains(const std::vector<std::string>& wanted, std::string_view name) {
  return std::find(wanted.begin(), wanted.end(), name) != wanted.end();
}

bool same_text(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

// Takes pieces of a time off the front of a text.
class Pieces {
 public:
  explicit Pieces(std::string_view text) : rest_{text} {}

  bool empty() const noexcept { return rest_.empty(); }
  bool take(char c) noexcept {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool take_any(std::string_view characters) noexcept {
    return !rest_.empty() && characters.find(rest_.front()) != characters.npos && take(rest_.front());
  }
  // Exactly so many digits.
  bool number(std::size_t digits, int& out) noexcept {
    if (rest_.size() < digits) return false;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + digits, out);
    if (error != std::errc{} || end != rest_.data() + digits || rest_.front() == '-') return false;
    rest_.remove_prefix(digits);
    return true;
  }
  // One to nine digits behind a point, as nanoseconds.
  bool fraction(std::int64_t& out) noexcept {
    std::size_t digits = 0;
    for (out = 0; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; rest_.remove_prefix(1), ++digits) {
      if (digits == 9) return false;
      out = out * 10 + (rest_.front() - '0');
    }
    for (std::size_t at = digits; at < 9; ++at) out *= 10;
    return digits > 0;
  }

 private:
  std::string_view rest_;
};

struct ClockText {
  int hour = 0, minute = 0, second = 0;
  std::int64_t nanos = 0;
};

// "01:02", "01:02:03", "01:02:03.456"
bool take_clock(Pieces& pieces, ClockText& out) {
  if (!pieces.number(2, out.hour) || !pieces.take(':') || !pieces.number(2, out.minute)) return false;
  if (pieces.take(':') && !pieces.number(2, out.second)) return false;
  if (pieces.take('.') && !pieces.fraction(out.nanos)) return false;
  return out.hour < 24 && out.minute < 60 && out.second < 60;
}

// "", "Z", "+01:00", "-0530": minutes ahead of UTC.
bool take_offset(Pieces& pieces, int& minutes) {
  minutes = 0;
  if (pieces.empty() || pieces.take_any("Zz")) return pieces.empty();
  const bool behind = pieces.take('-');
  if (!behind && !pieces.take('+')) return false;
  int hours = 0;
  if (!pieces.number(2, hours)) return false;
  pieces.take(':');
  if (!pieces.number(2, minutes) || hours > 18 || minutes > 59) return false;
  minutes = (behind ? -1 : 1) * (hours * 60 + minutes);
  return pieces.empty();
}

std::optional<UnixNanos> parse_iso(std::string_view text) {
  Pieces pieces{text};
  int year = 0, month = 0, day = 0, offset = 0;
  if (!pieces.number(4, year) || !pieces.take('-') || !pieces.number(2, month) || !pieces.take('-'))
    return std::nullopt;
  if (!pieces.number(2, day)) return std::nullopt;
  ClockText clock;
  if (!pieces.empty() && (!pieces.take_any("Tt ") || !take_clock(pieces, clock))) return std::nullopt;
  if (!take_offset(pieces, offset)) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  const std::int64_t seconds = ((days * 24 + clock.hour) * 60 + clock.minute - offset) * 60 + clock.second;
  std::int64_t nanos = 0;
  if (__builtin_mul_overflow(seconds, 1'000'000'000, &nanos) || __builtin_add_overflow(nanos, clock.nanos, &nanos)) {
    return std::nullopt;
  }
  return nanos;
}

}  // namespace

bool Selection::has_dataset(std::string_view venue, std::string_view dataset) const {
  if (!venues.empty() && !contains(venues, venue)) return false;
  return datasets.empty() ? dataset != "instrument" : contains(datasets, dataset);
}

bool Selection::has_owner(std::string_view owner, std::string_view symbol) const {
  return instruments.empty() || std::any_of(instruments.begin(), instruments.end(), [&](const std::string& wanted) {
           return same_text(wanted, owner) || same_text(wanted, symbol);
         });
}

std::optional<UnixNanos> parse_time(std::string_view text) {
  if (text.size() > 4 && text[4] == '-') return parse_iso(text);
  UnixNanos nanos = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), nanos);
  if (error != std::errc{} || end != text.data() + text.size() || nanos < 0) return std::nullopt;
  return nanos;
}

std::string time_text(UnixNanos time) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  const std::int64_t nanos = (time % kSecond + kSecond) % kSecond;
  return fmt::format("{:%FT%T}.{:09}Z", fmt::gmtime(static_cast<std::time_t>((time - nanos) / kSecond)), nanos);
}

}  // namespace millrace::history

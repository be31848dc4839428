#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include "normalize/json/decimal_scan.h"

namespace millrace::normalize {

// JSON as machines write it: no white space, no escapes, ASCII. Reads such a text in one pass, without the index that a
// general parser builds first, and refuses everything else, well-formed or not. Who is refused asks the general parser,
// which reads every form and knows the error: what is accepted here means the same there.
//
// All calls move over what they read; after a false the position means nothing. REQUIRES kScanPadding readable bytes
// behind the text.
class PlainScan {
 public:
  explicit PlainScan(std::string_view text) noexcept : at_(text.data()), end_(text.data() + text.size()) {}

  bool take(char wanted) noexcept {
    const bool there = at_ < end_ && *at_ == wanted;
    at_ += there;
    return there;
  }
  bool at_end() const noexcept { return at_ == end_; }
  // For the token that an integer is: text_since(position()) after it was read.
  const char* position() const noexcept { return at_; }
  std::string_view text_since(const char* begin) const noexcept {
    return {begin, static_cast<std::size_t>(at_ - begin)};
  }

  // An object with at least one member. Calls on_member(key), `key` behind the opening quote, at each value, which it
  // must read or skip(); stops when it returns false.
  template <class OnMember>
  bool object(OnMember&& on_member) {
    if (!take('{')) return false;
    do {
      const char* const key = member_key();
      if (key == nullptr || !on_member(key)) return false;
    } while (take(','));
    return take('}');
  }

  // Exactly these characters, at most eight: compared in one go, over the end of the text where it must.
  template <std::size_t Size>
  bool literal(const char (&wanted)[Size]) noexcept {
    constexpr std::size_t kLength = Size - 1;
    static_assert(kLength >= 1 && kLength <= 8);
    std::uint64_t there;
    std::memcpy(&there, at_, sizeof there);
    const std::uint64_t differs = there ^ word(wanted, std::make_index_sequence<kLength>());
    if (differs << (64 - 8 * kLength) != 0 || end_ - at_ < static_cast<std::ptrdiff_t>(kLength)) return false;
    at_ += kLength;
    return true;
  }

  // A string; `value` is what stands between the quotes, valid as long as the text. Eight characters at a time, over
  // the end of the text where it must: hence the padding.
  bool text(std::string_view& value) noexcept {
    if (!take('"')) return false;
    const char* const begin = at_;
    for (; at_ < end_; at_ += 8) {
      const std::uint64_t found = not_plain(at_);
      if (found == 0) continue;
      at_ += std::countr_zero(found) / 8;
      value = text_since(begin);
      return take('"');
    }
    return false;
  }

  // 0 or more, of at most 16 digits: all ids and millisecond times of today. Leading zeros, signs and fractions are
  // refused or left for the caller's next take() to stumble over.
  bool integer(std::int64_t& value) noexcept {
    const std::uint64_t head = detail::load_digits(at_);
    const auto digits = digits_of(head);
    if (digits == 0 || (digits > 1 && *at_ == '0')) return false;
    value = detail::first_digits(head, digits);
    at_ += digits;
    if (digits == 8) {
      const std::uint64_t tail = detail::load_digits(at_);
      const auto more = digits_of(tail);
      if (more > 0) value = value * detail::kFastPowers[more] + detail::first_digits(tail, more);
      at_ += more;
      if (more == 8 && is_digit(*at_)) return false;
    }
    return at_ <= end_;
  }

  // A quoted decimal, at exactly `decimals`. False also where the number is right but finer: the general way raises the
  // decimals.
  bool quoted_number(int decimals, std::int64_t& mantissa) noexcept {
    return take('"') && number(decimals, mantissa) && take('"');
  }
  // The same between its quotes: up to the closing one, which is still to be taken.
  bool number(int decimals, std::int64_t& mantissa) noexcept {
    const char* behind = at_;
    if (!detail::scan_plain_quoted(at_, decimals, mantissa, behind)) return slow_number(decimals, mantissa);
    at_ = behind;
    return at_ < end_;
  }
  // The same for one that is likely as long as the one before it, `length`. That is checked, but not waited for: the
  // processor goes on with what is behind while it still looks for the quote. The empty asm keeps the compiler from
  // seeing that both ways give the same.
  bool number_like(std::ptrdiff_t& length, int decimals, std::int64_t& mantissa) noexcept {
    const char* behind = at_;
    if (!detail::scan_plain_quoted(at_, decimals, mantissa, behind)) return slow_number(decimals, mantissa);
    if (behind - at_ != length) [[unlikely]] {
      length = behind - at_;
      asm volatile("" : "+r"(length));
    }
    at_ += length;
    return at_ < end_;
  }

  bool boolean(bool& value) noexcept {
    value = literal("true");
    return value || literal("false");
  }

  // A string, an integer, true, false or null.
  bool skip() noexcept {
    std::string_view string;
    std::int64_t number = 0;
    bool flag = false;
    if (*at_ == '"') return text(string);
    if (is_digit(*at_)) return integer(number);
    return boolean(flag) || literal("null");
  }

 private:
  // The characters as the number that a load of them gives.
  template <std::size_t... I>
  static constexpr std::uint64_t word(const char* text, std::index_sequence<I...>) noexcept {
    return (... | (std::uint64_t{static_cast<unsigned char>(text[I])} << (8 * I)));
  }
  bool slow_number(int decimals, std::int64_t& mantissa) noexcept {
    const auto* const quote = static_cast<const char*>(std::memchr(at_, '"', static_cast<std::size_t>(end_ - at_)));
    if (quote == nullptr) return false;
    const std::string_view number(at_, static_cast<std::size_t>(quote - at_));
    at_ = quote;
    return scan_decimal_slow(number, decimals, mantissa) == Scan::kOk;
  }
  static bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
  static bool is_letter(char c) noexcept { return static_cast<unsigned char>((c | 0x20) - 'a') < 26; }
  static std::size_t digits_of(std::uint64_t eight) noexcept {
    return static_cast<std::size_t>(std::countr_zero(detail::non_digits(eight))) / 8;
  }
  // A member's key and the colon; null if there is none. Most keys are one letter.
  const char* member_key() noexcept {
    if (at_ + 4 <= end_ && at_[0] == '"' && is_letter(at_[1]) && at_[2] == '"' && at_[3] == ':') {
      at_ += 4;
      return at_ - 3;
    }
    std::string_view key;
    return text(key) && take(':') ? key.data() : nullptr;
  }
  // The high bit of the first of eight bytes that ends a plain string: a quote, a backslash, a control character or
  // half of a longer one. Bits behind the first mean nothing.
  static std::uint64_t not_plain(const char* at) noexcept {
    constexpr std::uint64_t kOnes = 0x0101010101010101ULL;
    std::uint64_t chars;
    std::memcpy(&chars, at, sizeof chars);
    const std::uint64_t quote = chars ^ (kOnes * '"');
    const std::uint64_t slash = chars ^ (kOnes * '\\');
    return (((quote - kOnes) & ~quote) | ((slash - kOnes) & ~slash) | (chars - kOnes * ' ') | chars) & (kOnes * 0x80);
  }

  // at_ may be past end_ after a failed read, never after one that succeeded: who takes what lies beyond is refused by
  // take().
  const char* at_;
  const char* end_;
};

}  // namespace millrace::normalize

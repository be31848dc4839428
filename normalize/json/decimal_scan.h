#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

// Exact decimal text to a mantissa at a wanted number of decimals, in a few nanoseconds. The fast path takes eight
// digits at a time and covers what venues send; everything else goes to schemas::parse_decimal, so that both agree on
// every input.
namespace millrace::normalize {

// Why a text gave no mantissa. Callers treat kFiner as a question (more decimals, or an error?), the others as errors.
enum class Scan : std::uint8_t {
  kOk,
  kFiner,     // a number, but it needs more decimals than asked for
  kTooLarge,  // a number, but the mantissa does not fit 64 bits
  kBad,       // not a number
};

// How many readable bytes must follow the text that scan_decimal is given; frames have more (kFramePadding).
inline constexpr std::size_t kScanPadding = 16;
// Decimals beyond these are refused as kTooLarge: no mantissa at them holds a useful number.
inline constexpr int kMaxDecimals = 30;

// The mantissa of `text` (whole, "-12.340", "1e-08") at exactly `decimals` >= 0. `mantissa` is set on kOk only.
// REQUIRES kScanPadding readable bytes behind the text.
Scan scan_decimal(std::string_view text, int decimals, std::int64_t& mantissa) noexcept;

// The same for a quoted number: `at` is behind the opening quote, the text goes on to the next '"', which must exist.
Scan scan_quoted(const char* at, int decimals, std::int64_t& mantissa) noexcept;
// The text from `at` to the next '"', which must exist.
std::string_view text_to_quote(const char* at) noexcept;

// The same without the fast path and without need for padding.
Scan scan_decimal_slow(std::string_view text, int decimals, std::int64_t& mantissa) noexcept;

// The fewest decimals that write `text` exactly ("1.50" 1, "40" 0, "1e-08" 8); -1 if it is no number or too large.
int decimals_of(std::string_view text) noexcept;

namespace detail {

static_assert(std::endian::native == std::endian::little);
// What venues send: eight digits fit one 64-bit load. Finer ones take the slow path, with the same result.
inline constexpr int kFastDecimals = 8;
inline constexpr std::array<std::int64_t, kFastDecimals + 1> kFastPowers = {1,      10,      100,      1000,     10000,
                                                                            100000, 1000000, 10000000, 100000000};

// Eight characters, each minus '0': a digit becomes its value.
inline std::uint64_t load_digits(const char* at) noexcept {
  std::uint64_t chars;
  std::memcpy(&chars, at, sizeof chars);
  return chars ^ 0x3030303030303030ULL;
}

// The high bit of every byte that is no digit.
inline std::uint64_t non_digits(std::uint64_t digits) noexcept {
  return (((digits & 0x7f7f7f7f7f7f7f7fULL) + 0x7676767676767676ULL) | digits) & 0x8080808080808080ULL;
}

// Value of eight digits, the first in the lowest byte: pairs, then fours, then eight, with two multiplications where a
// digit loop has eight that wait for each other.
inline std::int64_t eight_digits(std::uint64_t digits) noexcept {
  digits = digits * 10 + (digits >> 8);
  constexpr std::uint64_t kPairs = 0x000000ff000000ffULL;
  const std::uint64_t high = (digits & kPairs) * (100 + (1'000'000ULL << 32));
  const std::uint64_t low = ((digits >> 16) & kPairs) * (1 + (10'000ULL << 32));
  return static_cast<std::int64_t>((high + low) >> 32);
}

// Value of the first `count` of eight digits, 1 <= count <= 8.
inline std::int64_t first_digits(std::uint64_t digits, std::size_t count) noexcept {
  return eight_digits(digits << (64 - 8 * count));
}

// "1234567.12345678" and shorter, at up to eight decimals. False for anything else, also where it needs finer ones.
inline bool scan_plain(std::string_view text, int decimals, std::int64_t& mantissa) noexcept {
  const std::uint64_t head = load_digits(text.data());
  std::uint64_t stops = non_digits(head);
  if (text.size() < 8) stops |= 0x80ULL << (8 * text.size());
  const auto whole = static_cast<std::size_t>(std::countr_zero(stops)) / 8;
  if (whole == 0 || whole == 8 || static_cast<unsigned>(decimals) > kFastDecimals) return false;
  const std::int64_t integer = first_digits(head, whole) * kFastPowers[static_cast<std::size_t>(decimals)];
  if (whole == text.size()) {
    mantissa = integer;
    return true;
  }
  const std::size_t fraction = text.size() - whole - 1;
  if (text[whole] != '.' || fraction - 1 >= 8) return false;
  const std::uint64_t inside = ~std::uint64_t{0} >> (64 - 8 * fraction);
  const std::uint64_t tail = load_digits(text.data() + whole + 1) & inside;
  if (non_digits(tail) != 0) return false;
  if (decimals == 0) {
    mantissa = integer;
    return tail == 0;
  }
  const auto wanted = static_cast<std::size_t>(decimals);
  if (fraction > wanted && (tail >> (8 * wanted)) != 0) return false;
  mantissa = integer + first_digits(tail, wanted);
  return true;
}

// The same, with the quote that ends the text instead of a length; `quote` is where it stands, if true.
inline bool scan_plain_quoted(const char* at, int decimals, std::int64_t& mantissa, const char*& quote) noexcept {
  const std::uint64_t head = load_digits(at);
  const std::uint64_t stops = non_digits(head);
  const auto whole = static_cast<std::size_t>(std::countr_zero(stops)) / 8;
  if (whole == 0 || whole == 8 || static_cast<unsigned>(decimals) > kFastDecimals) return false;
  const auto wanted = static_cast<std::size_t>(decimals);
  const char* const behind = at + whole;
  if (*behind == '"') {
    mantissa = first_digits(head, whole) * kFastPowers[wanted];
    quote = behind;
    return true;
  }
  std::uint64_t tail = load_digits(behind + 1);
  const std::uint64_t tail_stops = non_digits(tail);
  const auto fraction = static_cast<std::size_t>(std::countr_zero(tail_stops)) / 8;
  const char* const end = behind + 1 + fraction;
  if (*behind != '.' || fraction == 0 || *end != '"') return false;
  tail &= ~std::uint64_t{0} >> (64 - 8 * fraction);
  if (fraction > wanted && (tail >> (8 * wanted)) != 0) return false;
  quote = end;
  if (whole + wanted <= 8) {
    const std::uint64_t both = (head & (~std::uint64_t{0} >> (64 - 8 * whole))) | tail << (8 * whole);
    mantissa = first_digits(both, whole + wanted);
  } else {
    mantissa = first_digits(head, whole) * kFastPowers[wanted] + first_digits(tail, wanted);
  }
  return true;
}

}  // namespace detail

inline Scan scan_quoted(const char* at, int decimals, std::int64_t& mantissa) noexcept {
  std::int64_t fast = 0;
  const char* quote = nullptr;
  if (detail::scan_plain_quoted(at, decimals, fast, quote)) [[likely]] {
    mantissa = fast;
    return Scan::kOk;
  }
  return scan_decimal_slow(text_to_quote(at), decimals, mantissa);
}

inline std::string_view text_to_quote(const char* at) noexcept {
  const char* end = at;
  while (*end != '"') ++end;
  return {at, static_cast<std::size_t>(end - at)};
}

inline Scan scan_decimal(std::string_view text, int decimals, std::int64_t& mantissa) noexcept {
  std::int64_t fast = 0;
  if (detail::scan_plain(text, decimals, fast)) [[likely]] {
    mantissa = fast;
    return Scan::kOk;
  }
  return scan_decimal_slow(text, decimals, mantissa);
}

}  // namespace millrace::normalize

#include "schemas/events/decimal.h"

#include <fmt/format.h>

#include <array>
#include <limits>

namespace millrace::schemas {
namespace {

constexpr std::int32_t kMaxExponent = 400;  // further out, text would be all zeros
constexpr int kInt64Digits = 19;

// 10^19 is the largest power that 64 unsigned bits hold.
constexpr std::array<std::uint64_t, 20> kPowersOfTen = [] {
  std::array<std::uint64_t, 20> powers{};
  powers[0] = 1;
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// What a well-formed number says, before asking whether it fits.
struct Parts {
  bool negative = false;
  bool fits = true;  // magnitude holds every digit
  std::uint64_t magnitude = 0;
  std::int32_t exponent = 0;
};

// Reads digits from `at`, adds them to the magnitude and returns how many there were.
std::size_t take_digits(const char*& at, const char* end, Parts& parts) noexcept {
  const char* const begin = at;
  for (; at != end && is_digit(*at); ++at) {
    const auto digit = static_cast<std::uint64_t>(*at - '0');
    // 19 digits always fit 64 bits, so the limit is tested where it is near only.
    if (parts.magnitude >= std::numeric_limits<std::uint64_t>::max() / 10 - 1) {
      parts.fits = false;
      continue;
    }
    parts.magnitude = parts.magnitude * 10 + digit;
  }
  return static_cast<std::size_t>(at - begin);
}

// Reads what follows "e"; false if it is no number or absurdly large.
bool take_exponent(const char*& at, const char* end, std::int64_t& exponent) noexcept {
  bool negative = false;
  if (at != end && (*at == '-' || *at == '+')) negative = *at++ == '-';
  if (at == end || !is_digit(*at)) return false;
  std::int64_t value = 0;
  for (; at != end && is_digit(*at); ++at) {
    value = value * 10 + (*at - '0');
    if (value > 100'000) return false;
  }
  exponent += negative ? -value : value;
  return true;
}

// The grammar is JSON's, but leading zeros are allowed ("00.5"), and "+1", ".5", "1." are not. Digits beyond 64 bits
// are counted and thrown away: whether that matters is the caller's question (`Parts::fits`).
std::optional<Parts> take_number(std::string_view text) noexcept {
  const char* at = text.data();
  const char* const end = at + text.size();
  Parts parts;
  if (at != end && *at == '-') {
    parts.negative = true;
    ++at;
  }
  if (take_digits(at, end, parts) == 0) return std::nullopt;
  std::int64_t exponent = 0;
  if (at != end && *at == '.') {
    const auto decimals = take_digits(++at, end, parts);
    if (decimals == 0) return std::nullopt;
    exponent = -static_cast<std::int64_t>(decimals);
  }
  if (at != end && (*at == 'e' || *at == 'E') && !take_exponent(++at, end, exponent)) return std::nullopt;
  if (at != end || exponent > kMaxExponent || exponent < -kMaxExponent) return std::nullopt;
  parts.exponent = static_cast<std::int32_t>(exponent);
  return parts;
}

// The magnitude of the smallest int64 is one above that of the largest, hence the unsigned detour: negating it as a
// signed number would be undefined.
std::optional<Decimal> to_decimal(const Parts& parts) noexcept {
  const std::uint64_t limit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) + parts.negative;
  if (!parts.fits || parts.magnitude > limit) return std::nullopt;
  const std::uint64_t bits = parts.negative ? 0 - parts.magnitude : parts.magnitude;
  return Decimal{static_cast<std::int64_t>(bits), parts.exponent};
}

// Moves the point in the digits instead of dividing: exact for every mantissa, also the smallest one.
void append_text(Decimal value, std::string& out) {
  const bool negative = value.mantissa < 0;
  const auto bits = static_cast<std::uint64_t>(value.mantissa);
  const fmt::format_int digits(negative ? 0 - bits : bits);
  if (negative) out += '-';
  if (value.exponent > kMaxExponent || value.exponent < -kMaxExponent) {  // no venue's number: keep it short
    out.append(digits.data(), digits.size()).append("e").append(fmt::format_int(value.exponent).c_str());
    return;
  }
  if (value.exponent >= 0) {
    out.append(digits.data(), digits.size());
    if (value.mantissa != 0) out.append(static_cast<std::size_t>(value.exponent), '0');
    return;
  }
  const auto decimals = static_cast<std::size_t>(-value.exponent);
  if (digits.size() > decimals) {
    const auto whole = digits.size() - decimals;
    out.append(digits.data(), whole).append(1, '.').append(digits.data() + whole, decimals);
  } else {
    out.append("0.").append(decimals - digits.size(), '0').append(digits.data(), digits.size());
  }
}

}  // namespace

std::optional<Decimal> parse_decimal(std::string_view text) noexcept {
  const auto parts = take_number(text);
  return parts ? to_decimal(*parts) : std::nullopt;
}

std::optional<WideDecimal> parse_wide_decimal(std::string_view text) {
  const auto parts = take_number(text);
  if (!parts) return std::nullopt;
  if (const auto value = to_decimal(*parts)) return WideDecimal{*value, {}};
  return WideDecimal{{}, std::string(text)};
}

// At most 18 divisions. The exponent's own limit can only be met by a Decimal that no text gave.
Decimal reduced(Decimal value) noexcept {
  if (value.mantissa == 0) return {};
  while (value.mantissa % 10 == 0 && value.exponent < std::numeric_limits<std::int32_t>::max()) {
    value.mantissa /= 10;
    ++value.exponent;
  }
  return value;
}

// Exact or nothing. Zero fits every exponent, however far away.
std::optional<std::int64_t> rescaled(Decimal value, std::int32_t exponent) noexcept {
  if (value.mantissa == 0) return 0;
  // In 64 bits: the difference of two hostile 32-bit exponents does not fit 32.
  const std::int64_t shift = static_cast<std::int64_t>(value.exponent) - exponent;
  if (shift > kInt64Digits || shift < -kInt64Digits) return std::nullopt;
  // 10^19 does not fit a signed 64-bit number, and no mantissa but 0 survives that shift.
  if (shift == kInt64Digits || shift == -kInt64Digits) return std::nullopt;
  if (shift < 0) {
    const auto divisor = static_cast<std::int64_t>(kPowersOfTen[static_cast<std::size_t>(-shift)]);
    if (value.mantissa % divisor != 0) return std::nullopt;
    return value.mantissa / divisor;
  }
  std::int64_t product = 0;
  const auto factor = static_cast<std::int64_t>(kPowersOfTen[static_cast<std::size_t>(shift)]);
  if (__builtin_mul_overflow(value.mantissa, factor, &product)) return std::nullopt;
  return product;
}

bool equal_value(Decimal a, Decimal b) noexcept { return reduced(a) == reduced(b); }

std::string to_text(Decimal value) {
  std::string out;
  append_text(value, out);
  return out;
}

std::string to_plain(Decimal value) {
  std::string out;
  append_plain(value, out);
  return out;
}

void append_plain(Decimal value, std::string& out) { append_text(reduced(value), out); }

}  // namespace millrace::schemas

#include "tests/sim/accounts/ids.h"

#include <fmt/format.h>

#include <string_view>

#include "tests/sim/accounts/random.h"

namespace millrace::sim::accounts {

namespace {

// 128 bits, the first 64 of which differ for every number of one kind and seed.
class Bits {
 public:
  Bits(char kind, std::uint64_t seed, std::int64_t number)
      : high_(mixed(static_cast<std::uint64_t>(number) + mixed(seed + static_cast<unsigned char>(kind)))),
        low_(mixed(high_ ^ 0x9E3779B97F4A7C15ULL)) {}

  std::uint64_t high() const noexcept { return high_; }
  std::uint64_t low() const noexcept { return low_; }

 private:
  std::uint64_t high_;
  std::uint64_t low_;
};

}  // namespace

std::string kraken_id(char kind, std::uint64_t seed, std::int64_t number) {
  static constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const Bits bits(kind, seed, number);
  std::string out(1, kind);
  for (unsigned i = 0; i < 16; ++i) {
    if (i == 5 || i == 10) out += '-';
    // 13 letters of five bits hold the first 64 bits.
    const std::uint64_t part = i < 13 ? bits.high() >> (5 * i) : bits.low() >> (5 * (i - 13));
    out += kLetters[part & 31U];
  }
  return out;
}

std::string uuid(char kind, std::uint64_t seed, std::int64_t number) {
  const Bits bits(kind, seed, number);
  const std::uint64_t a = bits.high();
  const std::uint64_t b = bits.low();
  // The version digit takes the place of four bits, which move to the end.
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:011x}{:x}", a >> 32U, (a >> 16U) & 0xFFFFU, a & 0xFFFU,
                     0x8000U | (b >> 50U), b & 0xFFFFFFFFFFFULL, (a >> 12U) & 0xFU);
}

std::string uuid_of(char kind, std::uint64_t seed, std::string_view name) {
  std::uint64_t number = 0;
  for (const char c : name) number = mixed(number + static_cast<unsigned char>(c));
  return uuid(kind, seed, static_cast<std::int64_t>(number >> 1U));
}

std::string word(char kind, std::uint64_t seed, std::int64_t number, std::size_t size) {
  static constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  const Bits bits(kind, seed, number);
  Random random(bits.high());
  std::string out;
  while (out.size() < size) out += kLetters[static_cast<std::size_t>(random.below(62))];
  return out;
}

}  // namespace millrace::sim::accounts

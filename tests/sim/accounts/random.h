#pragma once

#include <cstdint>

namespace millrace::sim::accounts {

// A bijection of 64 bits that looks like chance (the finalizer of splitmix64): ids made with it never meet.
constexpr std::uint64_t mixed(std::uint64_t x) noexcept {
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31U);
}

// splitmix64: the same numbers on every machine, unlike the standard distributions.
class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_(mixed(seed + 0x9E3779B97F4A7C15ULL)) {}

  std::uint64_t next() noexcept { return mixed(state_ += 0x9E3779B97F4A7C15ULL); }
  // 0..bound-1; 0 for bound 0.
  std::int64_t below(std::int64_t bound) noexcept {
    return bound <= 0 ? 0 : static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(bound));
  }
  // True with this chance. Draws nothing for 0, so that a knob that is off changes nothing.
  bool chance(double p) noexcept { return p > 0 && static_cast<double>(next() >> 11U) * 0x1.0p-53 < p; }

 private:
  std::uint64_t state_;
};

}  // namespace millrace::sim::accounts

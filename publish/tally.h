#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace millrace::publish {

// A number that one thread changes and any thread reads: a plain addition on the hot path, no lock and no locked
// instruction. Two writers would lose counts. Readers may see counts of one event before those of another: nothing may
// be concluded from two tallies together.
class Tally {
 public:
  void add(std::uint64_t n = 1) noexcept { set(value() + n); }
  void set(std::uint64_t n) noexcept { value_.store(n, std::memory_order_relaxed); }
  std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// Latencies counted in fixed buckets: same threads as Tally. The bounds hold 1 ms, the project's promise, so that the
// share under it can be read exactly. A reader during add() may see the count without the sum.
class LatencyHistogram {
 public:
  // Upper bounds in ns, inclusive; what is above the last is counted in one more bucket.
  static constexpr std::array<std::int64_t, 20> kBounds = {
      1'000,      2'000,       5'000,       10'000,        20'000,        50'000,        100'000,
      200'000,    500'000,     1'000'000,   2'000'000,     5'000'000,     10'000'000,    20'000'000,
      50'000'000, 100'000'000, 200'000'000, 1'000'000'000, 5'000'000'000, 30'000'000'000};
  static constexpr std::size_t kBuckets = kBounds.size() + 1;

  // A negative latency counts as 0: the venue's clock may be ahead of ours.
  void add(std::int64_t ns) noexcept {
    std::size_t bucket = 0;
    while (bucket < kBounds.size() && ns > kBounds[bucket]) ++bucket;
    counts_[bucket].add();
    sum_.add(ns > 0 ? static_cast<std::uint64_t>(ns) : 0);
  }

  std::uint64_t count(std::size_t bucket) const noexcept { return counts_[bucket].value(); }
  std::uint64_t sum_ns() const noexcept { return sum_.value(); }
  std::uint64_t total() const noexcept {
    std::uint64_t total = 0;
    for (const Tally& count : counts_) total += count.value();
    return total;
  }

 private:
  std::array<Tally, kBuckets> counts_;
  Tally sum_;
};

}  // namespace millrace::publish

#pragma once

#include <array>
#include <chrono>
#include <cstdint>

namespace millrace::ingest {

// How much request weight a host still takes: never more than `per_minute` in any 60 s, and nothing while the host has
// told us to stop. A window of one-second slots rather than a bucket that refills: a full bucket and its refill
// together would exceed a venue's minute. Reads no clock; not thread-safe (HostGate is).
class WeightBudget {
 public:
  using Nanos = std::chrono::nanoseconds;

  // per_minute <= 0: no limit.
  explicit WeightBudget(std::int64_t per_minute) : per_minute_(per_minute) {}

  // Takes the weight at monotonic time `now` and returns 0, or takes nothing and returns how long to wait before asking
  // again. What is heavier than the whole minute goes alone.
  Nanos take(Nanos now, std::int64_t weight);

  // The host says that `used` counts against its present minute: what is not ours (another process behind the same
  // address) is added.
  void correct(Nanos now, std::int64_t used);

  // Nothing before this moment; an earlier one than known changes nothing.
  void stop_until(Nanos until);

  // Of the window that ends at `now`, foreign weight included.
  std::int64_t used(Nanos now);
  bool stopped(Nanos now) const noexcept { return now < stopped_until_; }

 private:
  // One second more than the minute, because a request reaches the host up to a second after we count it.
  static constexpr std::int64_t kSlots = 61;

  void forget_before(Nanos now);
  std::int64_t& slot(std::int64_t second) { return slots_[static_cast<std::size_t>(second % kSlots)]; }

  // sum_ is the sum of slots_, which hold the seconds second_ - 60 to second_.
  const std::int64_t per_minute_;
  std::array<std::int64_t, kSlots> slots_{};
  std::int64_t second_ = 0;  // of the newest slot
  std::int64_t sum_ = 0;
  Nanos stopped_until_{0};
};

}  // namespace millrace::ingest

#pragma once

#include <cstdint>

namespace millrace::sim {

// A request budget per calendar minute with the venue's escalation: over it 429, and who goes on all the same is
// banned (418).
class WeightBudget {
 public:
  explicit WeightBudget(int per_minute) noexcept : per_minute_(per_minute) {}

  enum class Verdict : std::uint8_t { kServed, kTooMany, kBanned };
  struct Decision {
    Verdict verdict = Verdict::kServed;
    int used = 0;
    std::int64_t retry_after_s = 0;
  };
  // Charges `weight` at `now_ns`; refused requests are not charged.
  Decision charge(int weight, std::int64_t now_ns) noexcept;

 private:
  static constexpr int kRefusalsBeforeBan = 10;
  static constexpr std::int64_t kBanSeconds = 120;

  int per_minute_;
  std::int64_t minute_ = -1;
  int used_ = 0;
  int refusals_ = 0;
  std::int64_t banned_until_ns_ = 0;
};

// At most `limit` events in any `window`; 0 = no limit.
class RateWindow {
 public:
  // Notes one event; false if it is one too many.
  bool admit(int limit, std::int64_t window_ns, std::int64_t now_ns) noexcept;

 private:
  std::int64_t start_ns_ = 0;
  int count_ = 0;
};

}  // namespace millrace::sim

#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "schemas/events/meta.h"
#include "schemas/events/time.h"

namespace millrace::ledger {

using schemas::UnixNanos;

inline constexpr std::int64_t kMillisecond = 1'000'000;

// The clock of one run, and what is to happen at which time. What is due at the same time happens in the order in which
// it was asked for, so that a run depends on nothing but its seed.
class Timeline {
 public:
  explicit Timeline(UnixNanos start) : now_(start) {}

  UnixNanos now() const noexcept { return now_; }

  // A time that has passed means at once, after what is under way.
  void at(UnixNanos when, std::function<void()> what) {
    waiting_.push_back({std::max(when, now_), ++order_, std::move(what)});
    std::push_heap(waiting_.begin(), waiting_.end(), later);
  }
  void after(std::int64_t wait, std::function<void()> what) { at(now_ + wait, std::move(what)); }

  // Does the next thing if it is due by `end`; else the clock shows `end`, and false.
  bool step(UnixNanos end) {
    if (waiting_.empty() || waiting_.front().when > end) {
      now_ = std::max(now_, end);
      return false;
    }
    std::pop_heap(waiting_.begin(), waiting_.end(), later);
    const Entry next = std::move(waiting_.back());
    waiting_.pop_back();
    now_ = next.when;
    next.what();
    return true;
  }

 private:
  struct Entry {
    UnixNanos when;
    std::uint64_t order;
    std::function<void()> what;
  };
  static bool later(const Entry& a, const Entry& b) { return a.when != b.when ? a.when > b.when : a.order > b.order; }

  UnixNanos now_;
  std::uint64_t order_ = 0;
  std::vector<Entry> waiting_;  // a heap
};

}  // namespace millrace::ledger

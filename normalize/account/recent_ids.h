#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_set>

namespace millrace::normalize {

// The ids seen last, so that what a venue sends twice is told once. Bounded: the oldest one is forgotten first, and
// what comes again after that is published again, which consumers' own dedupe absorbs. An id of 60 letters costs 160
// bytes.
class RecentIds {
 public:
  explicit RecentIds(std::size_t limit) : limit_(limit) {}
  RecentIds(const RecentIds&) = delete;
  RecentIds& operator=(const RecentIds&) = delete;

  // False: it is in here already.
  bool insert(std::string_view id) {
    const auto [at, is_new] = known_.emplace(id);
    if (!is_new) return false;
    order_.push_back(&*at);
    if (order_.size() > limit_) {
      known_.erase(known_.find(*order_.front()));
      order_.pop_front();
    }
    return true;
  }
  bool contains(std::string_view id) const { return known_.contains(std::string(id)); }
  std::size_t size() const noexcept { return order_.size(); }

 private:
  const std::size_t limit_;
  std::unordered_set<std::string> known_;
  std::deque<const std::string*> order_;  // oldest first, in known_, where an id keeps its address
};

}  // namespace millrace::normalize

#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_set>

namespace millrace::normalize {

// The ids seen last, so that what a venue sends twice is told once. Bounded: the oldest one is forgotten first, and
// what comes again after that is published again, which consumers' own dedupe absorbs.
class RecentIds {
 public:
  explicit RecentIds(std::size_t limit) : limit_(limit) {}

  // False: it is in here already.
  bool insert(std::string_view id) {
    if (!known_.emplace(id).second) return false;
    order_.emplace_back(id);
    if (order_.size() > limit_) {
      known_.erase(order_.front());
      order_.pop_front();
    }
    return true;
  }
  bool contains(std::string_view id) const { return known_.contains(std::string(id)); }
  std::size_t size() const noexcept { return order_.size(); }

 private:
  const std::size_t limit_;
  std::unordered_set<std::string> known_;
  std::deque<std::string> order_;
};

}  // namespace millrace::normalize

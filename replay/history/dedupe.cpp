#include "replay/history/dedupe.h"

#include <iterator>

namespace millrace::history {

bool SeqSpans::add(std::int64_t seq) {
  if (!spans_.empty() && spans_.rbegin()->second + 1 == seq) {
    ++spans_.rbegin()->second;
    return true;
  }
  const auto next = spans_.upper_bound(seq);
  if (next != spans_.begin() && seq <= std::prev(next)->second) return false;
  const bool joins_next = next != spans_.end() && next->first == seq + 1;
  const bool joins_last = next != spans_.begin() && std::prev(next)->second + 1 == seq;
  const std::int64_t last = joins_next ? next->second : seq;
  if (joins_last) {
    std::prev(next)->second = last;
  } else {
    spans_[seq] = last;
  }
  if (joins_next) spans_.erase(next);
  if (spans_.size() > kMost) spans_.erase(spans_.begin());
  return true;
}

}  // namespace millrace::history

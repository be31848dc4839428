#include "cli/verify/spans.h"

#include <algorithm>
#include <iterator>

namespace millrace::cli {

void Spans::add(std::int64_t number) {
  auto next = spans_.upper_bound(number);
  auto at = next == spans_.begin() ? spans_.end() : std::prev(next);
  if (at != spans_.end() && number <= at->second) return;
  if (at != spans_.end() && number - at->second <= slack_ + 1) {
    at->second = number;
  } else {
    at = spans_.emplace_hint(next, number, number);
  }
  if (next == spans_.end() || next->first - number > slack_ + 1) return;
  at->second = next->second;
  spans_.erase(next);
}

bool Spans::contains(std::int64_t number) const {
  const auto next = spans_.upper_bound(number);
  return next != spans_.begin() && number <= std::prev(next)->second;
}

std::int64_t Spans::count(std::int64_t from, std::int64_t to) const {
  std::int64_t sum = 0;
  auto at = spans_.upper_bound(from);
  if (at != spans_.begin()) --at;
  for (; at != spans_.end() && at->first <= to; ++at) {
    sum += std::max<std::int64_t>(0, std::min(to, at->second) - std::max(from, at->first) + 1);
  }
  return sum;
}

}  // namespace millrace::cli

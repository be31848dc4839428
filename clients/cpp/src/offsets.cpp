#include "clients/cpp/src/offsets.h"

#include <algorithm>

namespace millrace::client {

void OffsetTracker::add(std::int64_t offset) {
  const std::scoped_lock lock(mutex_);
  open_.push_back({offset});
  next_ = offset + 1;
}

void OffsetTracker::pass(std::int64_t next) {
  const std::scoped_lock lock(mutex_);
  next_ = std::max(next_, next);
}

void OffsetTracker::done(std::int64_t offset) {
  const std::scoped_lock lock(mutex_);
  const auto found = std::lower_bound(open_.begin(), open_.end(), offset,
                                      [](const Open& one, std::int64_t wanted) { return one.offset < wanted; });
  if (found == open_.end() || found->offset != offset) return;
  found->done = true;
  while (!open_.empty() && open_.front().done) open_.pop_front();
}

std::int64_t OffsetTracker::committable() const {
  const std::scoped_lock lock(mutex_);
  return open_.empty() ? next_ : open_.front().offset;
}

}  // namespace millrace::client

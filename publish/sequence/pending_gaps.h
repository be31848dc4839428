#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "schemas/events/meta.h"

namespace millrace::publish {

// The holes of one stream that no record has declared yet. Bounded: neighbouring losses of one kind and reason become
// one mark, and when there are too many, marks of a kind become one that spans them (reason "merged"). A span may name
// ids that were not lost, but never leaves one out. Not thread-safe.
class PendingGaps {
 public:
  static constexpr std::size_t kMaxMarks = 8;  // at least one for each kind

  bool empty() const noexcept { return marks_.empty(); }
  // In the order found. Valid until the next change.
  std::span<const schemas::GapMark> marks() const noexcept { return marks_; }
  void clear() noexcept { marks_.clear(); }

  // True if this is a hole of its own, false if an earlier mark now covers it: then the metric does not count it again.
  bool add(schemas::GapMark mark);
  // One of our own records was lost. `seq` is its number.
  bool add_lost(std::int64_t seq, std::string_view reason);

 private:
  std::vector<schemas::GapMark> marks_;
};

}  // namespace millrace::publish

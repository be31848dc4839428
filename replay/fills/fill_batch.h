#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "normalize/account/account_adapter.h"
#include "replay/fills/known_ids.h"

namespace millrace::fills {

// A fill that goes out, its revision set, and why.
struct Outgoing {
  normalize::FoundFill fill;
  UnixNanos received = 0;  // our clock at the end of the page that told it
  Finding finding = Finding::kMissing;
  bool while_live = false;  // missing although the stream was live when it was made
  bool late = false;        // missing below an earlier watermark
};

// What a sweep has read so far that the topic may not have. One sweep, one thread.
class FillBatch {
 public:
  explicit FillBatch(const KnownIds& known) : known_(known) {}

  void clear();
  // Takes the rows of a page within [from, to], received at `received`; a fill without a time counts as within. What is
  // known or was read before is dropped, so that pages that overlap or repeat rows cost nothing.
  void take(std::vector<normalize::FoundFill> rows, UnixNanos from, UnixNanos to, UnixNanos received);

  // What has to be published, by what is known by now: by the venue's time, ties by id, and the fill before its
  // correction. Leaves the batch empty.
  std::vector<Outgoing> settle();

  std::size_t size() const noexcept { return fills_.size(); }
  std::int64_t read() const noexcept { return read_; }
  // Fills whose copies differ where they must agree. Those that are published are counted by settle().
  std::int64_t contradictions() const noexcept { return contradictions_; }

 private:
  const KnownIds& known_;
  std::vector<Outgoing> fills_;
  std::unordered_set<std::string> seen_;  // of fills_: id, kind and content
  std::int64_t read_ = 0;
  std::int64_t contradictions_ = 0;
};

}  // namespace millrace::fills

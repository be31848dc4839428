#include "publish/sequence/pending_gaps.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace millrace::publish {
namespace {

using schemas::GapKind;
using schemas::GapMark;

// The later hole begins where the earlier one ends.
bool continues(const GapMark& earlier, const GapMark& later) {
  return earlier.kind == later.kind && earlier.reason == later.reason && earlier.to && later.from &&
         *earlier.to + 1 == *later.from;
}

std::optional<std::int64_t> sum(std::optional<std::int64_t> a, std::optional<std::int64_t> b) {
  if (!a || !b) return std::nullopt;
  return *a + *b;
}

// An unknown bound makes the bound of the span unknown.
void span_both(GapMark& into, const GapMark& mark) {
  if (into.from && mark.from) {
    into.from = std::min(*into.from, *mark.from);
  } else {
    into.from.reset();
  }
  if (into.to && mark.to) {
    into.to = std::max(*into.to, *mark.to);
  } else {
    into.to.reset();
  }
  into.count = sum(into.count, mark.count);
}

}  // namespace

// Merging loses precision, never a hole: a span that names too much makes a reader look again, one that names too
// little hides a loss.
bool PendingGaps::add(GapMark mark) {
  if (!marks_.empty() && continues(marks_.back(), mark)) {
    marks_.back().count = sum(marks_.back().count, mark.count);
    marks_.back().to = mark.to;
    return false;
  }
  // The last places are kept for kinds that have no mark yet.
  const auto same = std::find_if(marks_.rbegin(), marks_.rend(), [&](const GapMark& m) { return m.kind == mark.kind; });
  if (same != marks_.rend() && marks_.size() + 3 > kMaxMarks) {
    span_both(*same, mark);
    same->reason = "merged";
    return false;
  }
  marks_.push_back(std::move(mark));
  return true;
}

bool PendingGaps::add_lost(std::int64_t seq, std::string_view reason) {
  // The usual case under overload: the loss goes on. It costs no new string.
  if (!marks_.empty() && marks_.back().kind == GapKind::kLocal && marks_.back().to == seq - 1 &&
      marks_.back().reason == reason) {
    marks_.back().to = seq;
    marks_.back().count = sum(marks_.back().count, 1);
    return false;
  }
  return add({GapKind::kLocal, seq, seq, 1, std::string{reason}});
}

}  // namespace millrace::publish

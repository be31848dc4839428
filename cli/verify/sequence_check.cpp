#include "cli/verify/sequence_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace millrace::cli {
namespace {

constexpr std::int64_t kDeclareWithin = 10'000'000'000;  // P1: a hole is declared within 10 s

}  // namespace

void SequenceCheck::problem(std::string text) {
  if (problems_.size() < kMaxProblems) problems_.push_back(std::move(text));
}

SequenceCheck::Verdict SequenceCheck::on_record(const SeenMeta& meta, std::int64_t offset, bool resent, bool whole) {
  ++tally_.records;
  tally_.staleness_max_ns = std::max(tally_.staleness_max_ns, meta.staleness_ns);
  const bool fenced = !epochs_.empty() && std::any_of(epochs_.upper_bound(meta.epoch), epochs_.end(),
                                                      [](const auto& one) { return one.second.first_seq.has_value(); });
  if (fenced) ++tally_.fenced;
  const bool first_record = tally_.records == 1;
  if (first_record && !whole) opening_epoch_ = meta.epoch;

  Epoch& epoch = epochs_[meta.epoch];
  epoch.last_offset = std::max(epoch.last_offset, offset);
  if (resent) epoch.resent.add(meta.seq);
  Verdict verdict;
  // Of the epoch in which the kept part begins, the beginning is not known.
  const bool open_start = opening_epoch_ && meta.epoch <= *opening_epoch_;
  if (!epoch.first_seq) {
    verdict.place = open_start ? Place::kJoins : Place::kOpens;
    epoch.first_seq = meta.seq;
    epoch.last_seq = open_start ? meta.seq - 1 : 0;
    if (!open_start && !meta.has(MarkKind::kRestart)) {
      ++tally_.undeclared_gaps;
      problem(fmt::format("epoch {} begins at seq {} without a RESTART mark", meta.epoch, meta.seq));
    }
  }
  if (meta.seq <= epoch.last_seq) {
    on_late(epoch, meta, resent);
  } else {
    verdict.news = !fenced;
    if (meta.seq > epoch.last_seq + 1) {
      verdict.place = Place::kAfterHole;
      verdict.missing = meta.seq - epoch.last_seq - 1;
      epoch.holes[epoch.last_seq + 1] = {meta.seq - 1, meta.receive_time_ns};
    }
    epoch.last_seq = meta.seq;
  }
  for (const SeenMark& mark : meta.marks) {
    if (mark.kind == MarkKind::kVenue || mark.kind == MarkKind::kLocal) tally_.declared_gaps += verdict.news;
    if (mark.kind == MarkKind::kLocal && mark.from && mark.to) {
      declare(epoch, *mark.from, *mark.to, meta.receive_time_ns);
    }
  }
  return verdict;
}

void SequenceCheck::taken(std::int64_t number, std::int64_t last, std::int64_t offset) {
  Epoch& epoch = epochs_[number];
  if (!epoch.first_seq) epoch.first_seq = 1;
  epoch.last_seq = std::max(epoch.last_seq, last);
  epoch.last_offset = std::max(epoch.last_offset, offset);
}

bool SequenceCheck::began(std::int64_t number) const {
  const auto epoch = epochs_.find(number);
  return epoch != epochs_.end() && epoch->second.first_seq.has_value();
}

// A seq that is not above the last one: a first occurrence that comes late, or a repeat.
void SequenceCheck::on_late(Epoch& epoch, const SeenMeta& meta, bool resent) {
  if (take_out(epoch, meta.seq) || was_covered(epoch, meta.seq)) {
    ++tally_.out_of_order;
    return problem(fmt::format("epoch {} seq {} comes after seq {}", meta.epoch, meta.seq, epoch.last_seq));
  }
  ++tally_.duplicates;
  // A late request of the producer that died may come after the copy that its successor sent.
  if (resent || epoch.resent.contains(meta.seq)) return;
  ++tally_.unexplained_duplicates;
  problem(fmt::format("epoch {} seq {} is there twice, and neither was sent again", meta.epoch, meta.seq));
}

// Removes one seq from the holes; false if it is in none.
bool SequenceCheck::take_out(Epoch& epoch, std::int64_t seq) {
  const auto next = epoch.holes.upper_bound(seq);
  if (next == epoch.holes.begin()) return false;
  const auto at = std::prev(next);
  const std::int64_t from = at->first;
  const Hole hole = at->second;
  if (seq > hole.to) return false;
  epoch.holes.erase(at);
  if (from < seq) epoch.holes[from] = {seq - 1, hole.found_ns};
  if (seq < hole.to) epoch.holes[seq + 1] = hole;
  return true;
}

bool SequenceCheck::was_covered(const Epoch& epoch, std::int64_t seq) {
  const auto next = epoch.covered.upper_bound(seq);
  return next != epoch.covered.begin() && seq <= std::prev(next)->second;
}

void SequenceCheck::declare(Epoch& epoch, std::int64_t from, std::int64_t to, std::int64_t time_ns) {
  epoch.declared.push_back({from, to, time_ns});
  cover(epoch, epoch.declared.back());
}

// Cuts what was declared in time out of the holes.
void SequenceCheck::cover(Epoch& epoch, const Declared& declared) {
  auto at = epoch.holes.upper_bound(declared.from);
  if (at != epoch.holes.begin()) --at;
  while (at != epoch.holes.end() && at->first <= declared.to) {
    const std::int64_t from = at->first;
    const Hole hole = at->second;
    if (hole.to < declared.from || declared.time_ns > hole.found_ns + kDeclareWithin) {
      ++at;
      continue;
    }
    at = epoch.holes.erase(at);
    if (from < declared.from) epoch.holes[from] = {declared.from - 1, hole.found_ns};
    if (declared.to < hole.to) epoch.holes[declared.to + 1] = hole;
    const std::int64_t first = std::max(from, declared.from);
    epoch.covered[first] = std::min(hole.to, declared.to);
  }
}

void SequenceCheck::on_beat(const SeenBeat& beat) {
  had_beat_ = true;
  Epoch& epoch = epochs_[beat.epoch];
  for (const SeenMark& mark : beat.marks) {
    const bool numbers = mark.kind == MarkKind::kLocal && mark.from && mark.to;
    if (numbers) declare(epoch, *mark.from, *mark.to, beat.time_ns);
  }
  if (!epoch.beat || beat.time_ns >= epoch.beat->time_ns) epoch.beat = beat;
}

// What the last heartbeat of an epoch says beyond the records: an acknowledged record that is not there, and numbers
// that never came.
void SequenceCheck::settle_beat(std::int64_t number, Epoch& epoch, const End& end) {
  const SeenBeat& beat = *epoch.beat;
  const bool was_read = beat.acked_offset && end.first_offset && *beat.acked_offset >= *end.first_offset &&
                        *beat.acked_offset < end.next_offset;
  if (was_read && *beat.acked_offset > epoch.last_offset) {
    ++tally_.lost;
    ++tally_.undeclared_gaps;
    problem(fmt::format("epoch {}: offset {} was acknowledged and holds no record of the stream", number,
                        *beat.acked_offset));
    return;
  }
  // Numbers without an acknowledgement may be on their way for as long as a declaration may take; those of an epoch
  // that ended may never have reached the broker.
  const bool settled = end.now_ns - beat.time_ns >= end.grace_ns && std::next(epochs_.find(number)) == epochs_.end();
  const bool past_acked = !beat.acked_offset || *beat.acked_offset < end.next_offset;
  if (!settled || !past_acked || beat.next_seq <= epoch.last_seq + 1) return;
  if (!epoch.first_seq && opening_epoch_) return;
  epoch.holes[epoch.last_seq + 1] = {beat.next_seq - 1, beat.time_ns};
}

void SequenceCheck::finish(const End& end) {
  for (auto& [number, epoch] : epochs_) {
    if (epoch.beat) settle_beat(number, epoch, end);
    // Marks that were read before their hole was: heartbeats are in another topic.
    if (!epoch.holes.empty()) {
      for (const Declared& declared : epoch.declared) cover(epoch, declared);
    }
    for (const auto& [from, hole] : epoch.holes) {
      tally_.lost += hole.to - from + 1;
      ++tally_.undeclared_gaps;
      problem(fmt::format("epoch {}: seqs {} to {} are missing and no LOCAL mark covers them", number, from, hole.to));
    }
    const bool pending = epoch.beat && epoch.beat->next_seq > epoch.last_seq + 1;
    if (!pending) continue;
    tally_.declared_gaps += std::count_if(epoch.beat->marks.begin(), epoch.beat->marks.end(),
                                          [](const SeenMark& mark) { return mark.kind == MarkKind::kLocal; });
  }
}

std::map<std::int64_t, EpochSpan> SequenceCheck::epochs() const {
  std::map<std::int64_t, EpochSpan> out;
  for (const auto& [number, epoch] : epochs_) {
    if (epoch.first_seq) out[number] = {*epoch.first_seq, epoch.last_seq};
  }
  return out;
}

}  // namespace millrace::cli

#include "cli/verify/account/account_numbers.h"

#include <algorithm>
#include <limits>

namespace millrace::cli {

SequenceCheck::Verdict AccountNumbers::on_record(SequenceCheck& worker, const SeenMeta& meta, std::int64_t offset,
                                                 bool resent, bool whole) {
  if (meta.origin == SeenOrigin::kReplay) return on_replay(meta, offset, resent, whole);
  const auto replayed = replayed_.find(meta.epoch);
  const bool goes_on = replayed != replayed_.end() && !worker.began(meta.epoch) && !meta.has(MarkKind::kRestart);
  if (goes_on) hand_over(worker, meta.epoch, replayed->second, meta.seq - 1);
  return worker.on_record(meta, offset, resent, whole);
}

SequenceCheck::Verdict AccountNumbers::on_replay(const SeenMeta& meta, std::int64_t offset, bool resent, bool whole) {
  const auto [at, is_new] = replayed_.try_emplace(meta.epoch);
  Replayed& replayed = at->second;
  if (is_new) replayed.first_publish_ns = meta.publish_time_ns.value_or(meta.receive_time_ns);
  replayed.last_offset = std::max(replayed.last_offset, offset);
  const bool second = !resent && replayed.seen.contains(meta.seq) && !replayed.again.contains(meta.seq);
  if (second) {
    replayed.again.add(meta.seq);
    ++second_records_;
    return {};
  }
  replayed.seen.add(meta.seq);
  return sidecar_.on_record(meta, offset, resent, whole);
}

void AccountNumbers::on_beat(const SeenBeat& beat) {
  std::int64_t& next = next_by_beat_[beat.epoch];
  next = std::max(next, beat.next_seq);
}

// Only if they are all there: a first record that was lost is a loss.
void AccountNumbers::hand_over(SequenceCheck& worker, std::int64_t epoch, Replayed& replayed, std::int64_t last) {
  if (last <= 0 || replayed.seen.count(1, last) != last) return;
  replayed.leftover = last;
  worker.taken(epoch, last, replayed.last_offset);
}

void AccountNumbers::finish(SequenceCheck& worker) {
  constexpr std::int64_t kAll = std::numeric_limits<std::int64_t>::max() - 1;
  for (auto& [epoch, replayed] : replayed_) {
    const auto next = next_by_beat_.find(epoch);
    const auto& [first, last] = *replayed.seen.all().begin();
    if (next != next_by_beat_.end() && !worker.began(epoch) && first == 1) {
      hand_over(worker, epoch, replayed, std::min(last, next->second - 1));
    }
    repeats_ += replayed.again.count(replayed.leftover + 1, kAll);
    const bool by_sidecar =
        replayed.seen.count(replayed.leftover + 1, kAll) > 0 || replayed.again.count(1, replayed.leftover) > 0;
    if (by_sidecar) instances_.emplace(epoch, replayed.first_publish_ns);
  }
  sidecar_.finish({});
}

}  // namespace millrace::cli

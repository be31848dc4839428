#pragma once

#include <cstdint>
#include <map>

#include "cli/verify/sequence_check.h"
#include "cli/verify/spans.h"

namespace millrace::cli {

// The numbers of an account's executions. Two numberings share the topic and the key: the worker's, under its claims,
// and that of the sidecar's REPLAY records, under its instances, which are small numbers as well. A worker whose
// predecessor left records on disk begins its epoch with these, as REPLAY too; that they are not the sidecar's shows in
// the worker's next record or heartbeat, which goes on behind them. Pure; the worker's SequenceCheck is the caller's.
class AccountNumbers {
 public:
  // As SequenceCheck::on_record.
  SequenceCheck::Verdict on_record(SequenceCheck& worker, const SeenMeta& meta, std::int64_t offset, bool resent,
                                   bool whole);
  void on_beat(const SeenBeat& beat);
  // What only the end can tell. Before that of `worker`, and before the getters.
  void finish(SequenceCheck& worker);

  // Of the sidecar's numbering, which has no heartbeats.
  const SequenceCheck& sidecar() const noexcept { return sidecar_; }
  // REPLAY records whose seq came before, left out of sidecar(); of these, those that are not once the worker's.
  std::int64_t second_records() const noexcept { return second_records_; }
  std::int64_t repeats() const noexcept { return repeats_; }
  // The sidecar's instances that published something, and when each did first.
  const std::map<std::int64_t, std::int64_t>& instances() const noexcept { return instances_; }

 private:
  // The REPLAY records of one epoch or instance.
  struct Replayed {
    Spans seen;
    Spans again;  // came a second time, not sent again by a recreated producer
    std::int64_t last_offset = -1;
    std::int64_t first_publish_ns = 0;
    std::int64_t leftover = 0;  // 1 to this are the worker's
  };

  static void hand_over(SequenceCheck& worker, std::int64_t epoch, Replayed& replayed, std::int64_t last);
  SequenceCheck::Verdict on_replay(const SeenMeta& meta, std::int64_t offset, bool resent, bool whole);

  SequenceCheck sidecar_;
  std::map<std::int64_t, Replayed> replayed_;
  std::map<std::int64_t, std::int64_t> next_by_beat_;  // of the worker, by epoch
  std::map<std::int64_t, std::int64_t> instances_;
  std::int64_t second_records_ = 0;
  std::int64_t repeats_ = 0;
};

}  // namespace millrace::cli

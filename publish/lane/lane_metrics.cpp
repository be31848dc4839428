#include "publish/lane/lane_metrics.h"

namespace millrace::publish {

void add_lane_metrics(const LaneStats& stats, std::string_view lane, MetricWriter& out) {
  out.add<Metric::kLaneRecords>(stats.records, lane);
  out.add<Metric::kLaneBytes>(stats.bytes, lane);
  out.add<Metric::kLaneAcks>(stats.acked, lane);
  out.add<Metric::kLaneResent>(stats.resent, lane);
  out.add<Metric::kLaneRenewals>(stats.renewals, lane);
  out.add<Metric::kLaneQueueFull>(stats.queue_full, lane);
  out.add<Metric::kLaneTopicsAnew>(stats.made_anew, lane);
  out.add<Metric::kLaneSpilled>(stats.spilled, lane);
  out.add<Metric::kLaneDisk>(stats.on_disk, lane);
  out.add<Metric::kLaneRetried>(stats.retried, lane);
  out.add<Metric::kLaneDamaged>(stats.damaged, lane);
  out.add<Metric::kRingBytes>(stats.ring_bytes, lane);
  out.add<Metric::kRingLimit>(stats.ring_limit, lane);
  out.add<Metric::kReceiveToPublish>(stats.receive_to_publish, lane);
  out.add<Metric::kReceiveToAck>(stats.receive_to_ack, lane);
  for (std::size_t i = 0; i < kRefusals; ++i) {
    out.add<Metric::kLaneRefused>(stats.refused[i], lane, name(static_cast<RefusedBecause>(i)));
  }
  for (std::size_t i = 0; i < kFateCount; ++i) {
    const auto fate = static_cast<Fate>(i);
    if (is_lost(fate)) out.add<Metric::kLaneLost>(stats.lost[i], lane, name(fate));
  }
}

void add_journal_metrics(const Lane& lane, std::string_view name, MetricWriter& out) {
  const JournalStats* stats = lane.journal();
  if (stats == nullptr) return;
  out.add<Metric::kJournalRecords>(stats->records, name);
  out.add<Metric::kJournalBytes>(stats->bytes, name);
  out.add<Metric::kJournalDisk>(stats->disk_bytes, name);
  out.add<Metric::kJournalSegments>(stats->segments, name);
  out.add<Metric::kJournalExpired>(stats->expired, name);
  out.add<Metric::kJournalTorn>(stats->torn, name);
  out.add<Metric::kJournalErrors>(stats->disk_errors, name);
  out.add<Metric::kJournalErrors>(stats->keeper_errors, name);
  out.add<Metric::kJournalRefused>(stats->refused, name);
}

}  // namespace millrace::publish

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace millrace::publish {

// As Prometheus has them. Histograms are of seconds, with the bounds of LatencyHistogram.
enum class MetricKind : std::uint8_t { kCounter, kGauge, kHistogram };

// How values of one metric and one set of labels from several threads become one: counters and sizes add up, of ages
// and used limits the worst counts.
enum class Fold : std::uint8_t { kSum, kMax };

// Every metric of the process: name, kind, labels (comma separated) and help. metrics.md is made from this table, and
// so is the scrape: a metric that is not here cannot be written. Names are a contract with dashboards and alerts; a
// change of one is a breaking change.
struct MetricInfo {
  std::string_view name;
  MetricKind kind;
  Fold fold;
  std::string_view labels;
  std::string_view help;
};

// In the order of kMetrics.
enum class Metric : std::uint8_t {
  kConnectionUptime,
  kConnections,
  kReconnects,
  kFrames,
  kFrameBytes,
  kDrops,
  kQuarantined,
  kStreams,
  kStaleness,
  kRestLatency,
  kWebSocketLatency,
  kRestRequests,
  kRestWeight,
  kRestQueue,
  kConnectionEvents,
  kRecords,
  kGaps,
  kBooks,
  kLaneRecords,
  kLaneBytes,
  kLaneAcks,
  kLaneResent,
  kLaneRenewals,
  kLaneQueueFull,
  kLaneRefused,
  kLaneLost,
  kLaneTopicsAnew,
  kRingBytes,
  kRingLimit,
  kReceiveToPublish,
  kReceiveToAck,
  kLaneSpilled,
  kLaneDisk,
  kLaneRetried,
  kLaneDamaged,
  kJournalRecords,
  kJournalBytes,
  kJournalDisk,
  kJournalSegments,
  kJournalExpired,
  kJournalTorn,
  kJournalErrors,
  kJournalRefused,
  kGroupPartitions,
  kGroupEvents,
  kSubscriptionsRefused,
  kAccountConnected,
  kAccountRecords,
  kAccountRequests,
  kAccountGaveUp,
  kAccountTokens,
  kAccountOrdersOpen,
  kAccountOrdersRestored,
  kAccountOrdersLeftOut,
  kSweeps,
  kFillsMissing,
  kFillsMissingLive,
  kWatermarkViolated,
  kWatermarkAge,
  kHttpRequests,
  kBuild,
};

inline constexpr std::array kMetrics = {
    MetricInfo{"millrace_connection_uptime_seconds", MetricKind::kGauge, Fold::kMax, "venue,connection",
               "Time since the connection was opened; 0 while it is down."},
    MetricInfo{"millrace_connections", MetricKind::kGauge, Fold::kSum, "venue,state", "Connections by session state."},
    MetricInfo{"millrace_reconnects_total", MetricKind::kCounter, Fold::kSum, "venue,reason",
               "Connections opened again, by what ended the one before."},
    MetricInfo{"millrace_frames_total", MetricKind::kCounter, Fold::kSum, "venue,via",
               "Frames received, by ws (messages) and rest (answers)."},
    MetricInfo{"millrace_frame_bytes_total", MetricKind::kCounter, Fold::kSum, "venue,via",
               "Bytes of received frames, after decompression."},
    MetricInfo{"millrace_drops_total", MetricKind::kCounter, Fold::kSum, "venue,reason",
               "Frames, events, answers or recorded lines that went no further, each with a fixed reason."},
    MetricInfo{"millrace_quarantined_total", MetricKind::kCounter, Fold::kSum, "venue,reason",
               "Frames that could not be decoded, by error."},
    MetricInfo{"millrace_streams", MetricKind::kGauge, Fold::kSum, "venue,state",
               "Streams by state; REFUSED: configured, but the venue does not know the symbol."},
    MetricInfo{"millrace_staleness_seconds", MetricKind::kGauge, Fold::kMax, "venue,instrument,dataset",
               "Age of the last proof of life of the venue's oldest stream, which the labels name."},
    MetricInfo{"millrace_rest_latency_seconds", MetricKind::kHistogram, Fold::kSum, "venue",
               "REST request to last byte of the answer."},
    MetricInfo{"millrace_websocket_latency_seconds", MetricKind::kHistogram, Fold::kSum, "venue",
               "The venue's send time to our receive time, both clocks as they are; negative counts as 0."},
    MetricInfo{"millrace_rest_requests_total", MetricKind::kCounter, Fold::kSum, "venue,status",
               "REST requests by status code; 0 = no answer."},
    MetricInfo{"millrace_rest_weight_used", MetricKind::kGauge, Fold::kMax, "venue",
               "Request weight of the last 60 s to the venue's host, as we and the host count it."},
    MetricInfo{"millrace_rest_queue", MetricKind::kGauge, Fold::kSum, "venue", "REST requests waiting or under way."},
    MetricInfo{"millrace_connection_events_total", MetricKind::kCounter, Fold::kSum, "venue,event",
               "Connections rotated before their lifetime ended or taken over by their standby, streams resubscribed, "
               "storms of bad frames."},
    MetricInfo{"millrace_records_total", MetricKind::kCounter, Fold::kSum, "venue,dataset",
               "Records numbered and given to the lane."},
    MetricInfo{"millrace_gaps_total", MetricKind::kCounter, Fold::kSum, "venue,kind,reason",
               "Holes declared, by kind (VENUE, LOCAL, RESTART) and reason."},
    MetricInfo{"millrace_book_events_total", MetricKind::kCounter, Fold::kSum, "venue,event",
               "Books published whole, for late joiners and checks (refreshed)."},
    MetricInfo{"millrace_lane_records_total", MetricKind::kCounter, Fold::kSum, "lane", "Records taken by the lane."},
    MetricInfo{"millrace_lane_bytes_total", MetricKind::kCounter, Fold::kSum, "lane", "Their encoded bytes."},
    MetricInfo{"millrace_lane_acks_total", MetricKind::kCounter, Fold::kSum, "lane",
               "Records acknowledged by the broker."},
    MetricInfo{"millrace_lane_resent_total", MetricKind::kCounter, Fold::kSum, "lane",
               "Records handed over once more after a producer died."},
    MetricInfo{"millrace_lane_producer_renewals_total", MetricKind::kCounter, Fold::kSum, "lane",
               "Producers that died of a fatal error, or left records without a report, and were made anew."},
    MetricInfo{"millrace_lane_queue_full_total", MetricKind::kCounter, Fold::kSum, "lane",
               "Times that librdkafka's queue was full and records waited in the rings."},
    MetricInfo{"millrace_lane_refused_total", MetricKind::kCounter, Fold::kSum, "lane,reason",
               "Records for which the lane had no room; each is declared as a LOCAL gap."},
    MetricInfo{"millrace_produce_errors_total", MetricKind::kCounter, Fold::kSum, "lane,reason",
               "Records that the broker will never take; each is declared as a LOCAL gap."},
    MetricInfo{"millrace_lane_partitions_made_anew_total", MetricKind::kCounter, Fold::kSum, "lane",
               "Partitions whose offsets began anew: the topic was deleted and made again."},
    MetricInfo{"millrace_lane_ring_bytes", MetricKind::kGauge, Fold::kSum, "lane",
               "Memory held by records without an acknowledgement."},
    MetricInfo{"millrace_lane_ring_limit_bytes", MetricKind::kGauge, Fold::kSum, "lane", "The most it may be."},
    MetricInfo{"millrace_receive_to_publish_seconds", MetricKind::kHistogram, Fold::kSum, "lane",
               "Last byte of the frame to record handed to the producer."},
    MetricInfo{"millrace_receive_to_ack_seconds", MetricKind::kHistogram, Fold::kSum, "lane",
               "Last byte of the frame to the broker's acknowledgement."},
    MetricInfo{"millrace_lane_spilled_total", MetricKind::kCounter, Fold::kSum, "lane",
               "Records that waited on disk because memory was full."},
    MetricInfo{"millrace_lane_disk_bytes", MetricKind::kGauge, Fold::kSum, "lane",
               "Bytes of records that wait on disk."},
    MetricInfo{"millrace_lane_retried_total", MetricKind::kCounter, Fold::kSum, "lane",
               "Records that the broker refused for good and that are sent again all the same."},
    MetricInfo{"millrace_lane_damaged_segments_total", MetricKind::kCounter, Fold::kSum, "lane",
               "Segments on disk with a rest that cannot be read: fills that were in it are the sidecar's to find."},
    MetricInfo{"millrace_journal_records_total", MetricKind::kCounter, Fold::kSum, "lane",
               "Records written to the journal on local disk, as sink or archive."},
    MetricInfo{"millrace_journal_bytes_total", MetricKind::kCounter, Fold::kSum, "lane",
               "Bytes of these records with their frames, before compression."},
    MetricInfo{"millrace_journal_disk_bytes", MetricKind::kGauge, Fold::kSum, "lane",
               "What the journal's segments take on disk."},
    MetricInfo{"millrace_journal_segments", MetricKind::kGauge, Fold::kSum, "lane", "How many segments there are."},
    MetricInfo{"millrace_journal_expired_total", MetricKind::kCounter, Fold::kSum, "lane",
               "Segments removed because there were too many or they were too old."},
    MetricInfo{"millrace_journal_torn_total", MetricKind::kCounter, Fold::kSum, "lane",
               "Segments of an earlier process whose end was cut off or damaged; the log says where."},
    MetricInfo{"millrace_journal_errors_total", MetricKind::kCounter, Fold::kSum, "lane",
               "Writes, syncs and compressions that the disk refused; they are tried again."},
    MetricInfo{"millrace_journal_refused_total", MetricKind::kCounter, Fold::kSum, "lane",
               "Records that the journal had no place for while the disk refused."},
    MetricInfo{"millrace_group_partitions", MetricKind::kGauge, Fold::kSum, "",
               "Partitions of the subscription topic that this worker holds; 0 without a group."},
    MetricInfo{"millrace_group_events_total", MetricKind::kCounter, Fold::kSum, "event",
               "Claims taken and tried again, partitions handed over and lost, times that the group was joined anew."},
    MetricInfo{"millrace_subscriptions_refused", MetricKind::kGauge, Fold::kSum, "",
               "Subscriptions in these partitions that name a venue or dataset that the configuration has not."},
    MetricInfo{"millrace_account_connected", MetricKind::kGauge, Fold::kMax, "venue,account",
               "1 while the account's session is open and logged in."},
    MetricInfo{"millrace_account_records_total", MetricKind::kCounter, Fold::kSum, "venue,account,dataset",
               "Executions and balances numbered and given to the lane."},
    MetricInfo{"millrace_account_requests_total", MetricKind::kCounter, Fold::kSum, "venue,account,verdict",
               "Answers to private REST calls, by what they meant."},
    MetricInfo{"millrace_account_requests_failed_total", MetricKind::kCounter, Fold::kSum, "venue,account",
               "Private REST calls given up after the bounded number of tries."},
    MetricInfo{"millrace_account_tokens_total", MetricKind::kCounter, Fold::kSum, "venue,account",
               "Session tokens fetched or prolonged."},
    MetricInfo{"millrace_account_orders_open", MetricKind::kGauge, Fold::kMax, "venue,account",
               "Orders that have not ended as far as is known; about 1 KB of memory each."},
    MetricInfo{"millrace_account_orders_restored", MetricKind::kGauge, Fold::kMax, "venue,account",
               "Orders that an earlier worker left open in the topic, as read at the start."},
    MetricInfo{"millrace_account_orders_left_out_total", MetricKind::kCounter, Fold::kSum, "venue,account",
               "Reports read at the start, of open orders beyond the 10,000 that are restored."},
    MetricInfo{"millrace_sweeps_total", MetricKind::kCounter, Fold::kSum, "venue,account,result",
               "Sweeps of the sidecar that completed or failed."},
    MetricInfo{"millrace_fills_missing_total", MetricKind::kCounter, Fold::kSum, "venue,account",
               "Fills that REST had and the topic had not: published as REPLAY."},
    MetricInfo{"millrace_fills_missing_while_live_total", MetricKind::kCounter, Fold::kSum, "venue,account",
               "Of them, those made while the stream was connected and live: it drops fills."},
    MetricInfo{"millrace_watermark_violated_total", MetricKind::kCounter, Fold::kSum, "venue,account",
               "Missing fills below an earlier watermark: the promise was broken, by the venue's lag."},
    MetricInfo{"millrace_watermark_age_seconds", MetricKind::kGauge, Fold::kMax, "venue,account",
               "How far the completeness watermark is behind the clock; absent while there is none."},
    MetricInfo{"millrace_http_requests_total", MetricKind::kCounter, Fold::kSum, "status",
               "Answers of this endpoint by status code."},
    MetricInfo{"millrace_build_info", MetricKind::kGauge, Fold::kMax, "version", "Always 1."},
};

constexpr const MetricInfo& info(Metric metric) noexcept { return kMetrics[static_cast<std::size_t>(metric)]; }

// For the static_asserts of MetricWriter: a call with the wrong number of labels must not compile.
constexpr std::size_t label_count(std::string_view labels) noexcept {
  std::size_t count = labels.empty() ? 0 : 1;
  for (const char c : labels) count += c == ',' ? 1 : 0;
  return count;
}

}  // namespace millrace::publish

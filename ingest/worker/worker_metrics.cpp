#include "ingest/worker/worker_metrics.h"

#include <string>

#include "publish/lane/lane_metrics.h"
#include "publish/wall_clock.h"

namespace millrace::ingest {
namespace {

using publish::Metric;
using publish::MetricWriter;
using schemas::StreamState;

constexpr double kNanos = 1e-9;

double seconds(std::uint64_t ns) { return static_cast<double>(ns) * kNanos; }

// The one clock that is read here: a gauge that counts by itself needs no writer.
double uptime(schemas::UnixNanos open_since) {
  if (open_since == 0) return 0;
  return static_cast<double>(wall_clock() - open_since) * kNanos;
}

void add_connections(const VenueFeed& feed, MetricWriter& out) {
  const std::string& venue = feed.config().name;
  feed.counters().connections.for_each([&](const ConnectionBoard::Entry& entry) {
    out.add<Metric::kConnectionUptime>(uptime(entry.open_since), venue, entry.name);
    out.add<Metric::kConnections>(1.0, venue, schemas::name(entry.state));
  });
  feed.counters().reconnects.for_each([&](std::string_view reason, std::uint64_t count) {
    out.add<Metric::kReconnects>(static_cast<double>(count), venue, reason);
  });
  out.add<Metric::kFrames>(feed.counters().frames, venue, "ws");
  out.add<Metric::kFrameBytes>(feed.counters().frame_bytes, venue, "ws");
  feed.counters().errors.for_each([&](std::string_view reason, std::uint64_t count) {
    out.add<Metric::kQuarantined>(static_cast<double>(count), venue, reason);
  });
  out.add<Metric::kConnectionEvents>(feed.counters().rotations, venue, "rotated");
  out.add<Metric::kConnectionEvents>(feed.counters().takeovers, venue, "taken_over");
  out.add<Metric::kConnectionEvents>(feed.counters().resubscribed, venue, "resubscribed");
  out.add<Metric::kConnectionEvents>(feed.counters().storms, venue, "storm");
  out.add<Metric::kBooks>(feed.counters().refreshes, venue, "refreshed");
}

void add_holes(const publish::SequenceCounters& counters, std::string_view venue, MetricWriter& out) {
  for (std::size_t kind = 1; kind < counters.gaps.size(); ++kind) {
    counters.gaps[kind].for_each([&](std::string_view reason, std::uint64_t count) {
      out.add<Metric::kGaps>(static_cast<double>(count), venue, schemas::name(static_cast<schemas::GapKind>(kind)),
                             reason);
    });
  }
  counters.drops.for_each([&](std::string_view reason, std::uint64_t count) {
    out.add<Metric::kDrops>(static_cast<double>(count), venue, reason);
  });
  if (counters.ops_refused.value() > 0) out.add<Metric::kDrops>(counters.ops_refused, venue, "ops_refused");
}

// Datasets without a record are left out, so that a scrape shows what the worker has and not all that it could.
void add_streams(const VenueFeed& feed, MetricWriter& out) {
  const std::string& venue = feed.config().name;
  const publish::SequenceCounters& counters = feed.sequencer().counters();
  for (std::size_t state = 1; state < counters.streams.size(); ++state) {
    out.add<Metric::kStreams>(counters.streams[state], venue, schemas::name(static_cast<StreamState>(state)));
  }
  out.add<Metric::kStreams>(feed.counters().streams_refused, venue, "REFUSED");
  if (const publish::StreamName* oldest = counters.oldest.load(std::memory_order_acquire)) {
    out.add<Metric::kStaleness>(seconds(counters.oldest_staleness_ns.value()), venue, oldest->instrument,
                                oldest->dataset);
  }
  for (std::size_t dataset = 0; dataset < counters.records.size(); ++dataset) {
    if (counters.records[dataset].value() == 0) continue;
    out.add<Metric::kRecords>(counters.records[dataset], venue, name(static_cast<normalize::Dataset>(dataset)));
  }
  add_holes(counters, venue, out);
  out.add<Metric::kWebSocketLatency>(counters.websocket_latency, venue);
}

// Drops without a count are left out: a row of zeros says nothing.
void add_rest(const std::string& venue, const RestStats& stats, MetricWriter& out) {
  out.add<Metric::kRestLatency>(stats.latency, venue);
  stats.statuses.for_each([&](std::string_view status, std::uint64_t count) {
    out.add<Metric::kRestRequests>(static_cast<double>(count), venue, status);
  });
  out.add<Metric::kFrames>(stats.answered, venue, "rest");
  out.add<Metric::kFrameBytes>(stats.bytes, venue, "rest");
  out.add<Metric::kRestWeight>(stats.used_weight, venue);
  out.add<Metric::kRestQueue>(stats.queue, venue);
  if (stats.refused.value() > 0) out.add<Metric::kDrops>(stats.refused, venue, "rest_queue_full");
  if (stats.unclaimed.value() > 0) out.add<Metric::kDrops>(stats.unclaimed, venue, "rest_unclaimed");
}

void add_account(const AccountFeed& feed, MetricWriter& out) {
  const std::string_view venue = feed.venue().venue_name();
  const std::string& account = feed.writer().account();
  const publish::SequenceCounters& counters = feed.writer().counters();
  out.add<Metric::kAccountConnected>(feed.counters().connected, venue, account);
  out.add<Metric::kAccountTokens>(feed.counters().tokens, venue, account);
  out.add<Metric::kAccountOrdersOpen>(feed.counters().orders_open, venue, account);
  out.add<Metric::kAccountOrdersRestored>(feed.counters().orders_restored, venue, account);
  out.add<Metric::kAccountOrdersLeftOut>(feed.counters().orders_left_out, venue, account);
  out.add<Metric::kAccountGaveUp>(feed.rest_stats().gave_up, venue, account);
  for (const auto dataset : {normalize::Dataset::kExecution, normalize::Dataset::kBalance}) {
    out.add<Metric::kAccountRecords>(counters.records[static_cast<std::size_t>(dataset)], venue, account,
                                     name(dataset));
  }
  feed.rest_stats().verdicts.for_each([&](std::string_view verdict, std::uint64_t count) {
    out.add<Metric::kAccountRequests>(static_cast<double>(count), venue, account, verdict);
  });
  feed.counters().reconnects.for_each([&](std::string_view reason, std::uint64_t count) {
    out.add<Metric::kReconnects>(static_cast<double>(count), venue, reason);
  });
  feed.counters().errors.for_each([&](std::string_view reason, std::uint64_t count) {
    out.add<Metric::kQuarantined>(static_cast<double>(count), venue, reason);
  });
  add_holes(counters, venue, out);
}

}  // namespace

void add_thread_metrics(const IngestThread& thread, MetricWriter& out) {
  publish::add_lane_metrics(thread.lane().stats(), "market", out);
  publish::add_journal_metrics(thread.lane(), "market", out);
  for (std::size_t i = 0; i < thread.feeds().size(); ++i) {
    const VenueFeed& feed = *thread.feeds()[i];
    add_connections(feed, out);
    add_streams(feed, out);
    if (thread.rest_clients()[i]) add_rest(feed.config().name, thread.rest_clients()[i]->stats(), out);
  }
}

void add_recorder_metrics(const std::string& venue, const CaptureWriter::Stats& stats, MetricWriter& out) {
  const auto full = static_cast<double>(stats.dropped_full.load(std::memory_order_relaxed));
  const auto disk = static_cast<double>(stats.dropped_disk.load(std::memory_order_relaxed));
  out.add<Metric::kDrops>(full, venue, "recorder_full");
  out.add<Metric::kDrops>(disk, venue, "recorder_disk");
}

void add_group_metrics(const GroupStats& stats, MetricWriter& out) {
  out.add<Metric::kGroupPartitions>(stats.partitions);
  out.add<Metric::kSubscriptionsRefused>(stats.refused);
  out.add<Metric::kGroupEvents>(stats.claims, "claimed");
  out.add<Metric::kGroupEvents>(stats.claim_retries, "claim_retried");
  out.add<Metric::kGroupEvents>(stats.handed_over, "handed_over");
  out.add<Metric::kGroupEvents>(stats.lost, "lost");
  out.add<Metric::kGroupEvents>(stats.rejoined, "rejoined");
}

void add_process_metrics(const publish::HttpServer& http, MetricWriter& out) {
  for (const unsigned status : publish::HttpServer::kStatuses) {
    out.add<Metric::kHttpRequests>(static_cast<double>(http.answers(status)), std::to_string(status));
  }
  out.add<Metric::kBuild>(1.0, MILLRACE_VERSION);
}

void add_account_metrics(const AccountThread& thread, MetricWriter& out) {
  for (const auto& feed : thread.feeds()) add_account(*feed, out);
  publish::add_lane_metrics(thread.lane().stats(), "account", out);
  publish::add_journal_metrics(thread.lane(), "account", out);
}

}  // namespace millrace::ingest

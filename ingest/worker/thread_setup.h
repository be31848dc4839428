#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ingest/record/capture_writer.h"
#include "ingest/rest/host_gate.h"
#include "ingest/session/connect_budget.h"
#include "ingest/worker/venue_feed.h"
#include "publish/kafka/last_ids.h"
#include "publish/lane/lane.h"
#include "publish/sequence/host_stop.h"

namespace millrace::ingest {

// What the process has once per venue and its threads share: limits that count by our address.
struct VenueShared {
  VenueConfig config;  // constant while the process runs, but for symbols and datasets
  std::shared_ptr<ConnectBudget> connect_budget;
  std::shared_ptr<HostGate> host_gate;
  std::string rest_host;  // as in a Host header; empty = none
  // A thread was told that the host wants quiet; callable from any.
  std::function<void(const publish::HostStop&)> host_stopped;
  std::shared_ptr<CaptureWriter> recorder;  // null = none; a recording has one venue
};

// Under which claim a thread writes.
struct ThreadClaim {
  std::int64_t epoch = 0;
  std::shared_ptr<const publish::LastIds> last_ids;  // of earlier epochs; not null
  // May this worker publish the reference data of a symbol? Empty: of all.
  std::function<bool(std::string_view venue, std::string_view symbol)> holds;
};

// What one ingest thread is to do. Handed over once, by value; what is shared in it is constant or has a lock.
struct ThreadSetup {
  int number = 0;
  ThreadClaim claim;
  bool in_group = false;
  bool yields = false;  // to the account thread, where the processor is short
  std::string worker;
  std::function<std::unique_ptr<publish::Lane>()> make_lane;  // called on the thread
  std::int64_t refresh_ns = 0;
  std::int64_t heartbeat_ns = 0;
  std::int64_t shutdown_ms = 0;
  std::vector<std::string> topics;  // warmed before READY
  // One venue on this thread: the streams of its share of the symbols.
  struct Feed {
    std::shared_ptr<const VenueShared> venue;
    std::vector<normalize::Subscription> wanted;
    // Does this thread publish the reference data of a symbol? Each symbol has exactly one such thread.
    std::function<bool(std::string_view symbol)> publishes_reference;
  };
  std::vector<Feed> feeds;
};

// What is wanted of a running thread from now on.
struct ThreadChange {
  std::vector<std::vector<normalize::Subscription>> wanted;  // by place in ThreadSetup::feeds
  FeedChange::Removal removal = FeedChange::Removal::kUnsubscribed;
  std::optional<ThreadClaim> claim;  // of what is added; absent: as before
  bool renewed = false;              // of what stays, too
};

}  // namespace millrace::ingest

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "ingest/config/config.h"
#include "ingest/record/capture_line.h"
#include "ingest/rest/request_queue.h"
#include "ingest/worker/connection_board.h"
#include "ingest/worker/link.h"
#include "publish/sequence/counters.h"
#include "publish/sequence/sequencer.h"
#include "publish/tally.h"

namespace millrace::ingest {

// The world as one venue's feed on one thread sees it; tests hand in their own. Functions may be empty where it says
// so. All are called on the feed's thread and must not block.
struct FeedPorts {
  LinkFactory make_link;
  // Asks the venue's REST host; false: refused.
  std::function<bool(const normalize::RestRequest&, RestHandler)> rest;
  std::function<void()> frame_begins;                      // before the first frame of a drain; may be empty
  std::function<void()> drained;                           // the batch is complete: hand it over; may be empty
  std::function<void(std::int64_t wait_ns)> host_limited;  // the venue limits our address: no REST; may be empty
  std::function<void(CaptureLine)> record;                 // empty = no capture
};

// What one venue's feed counts. Written on its thread, readable from any, as long as the feed lives.
struct FeedCounters {
  publish::Tally frames;               // given to adapters
  publish::Tally frame_bytes;          // of these, after inflation
  publish::ReasonCounters errors;      // frames and answers that an adapter refused, by Errc
  publish::ReasonCounters reconnects;  // connections that ended, by reason
  ConnectionBoard connections;
  publish::Tally resubscribed;     // streams without first data
  publish::Tally rotations;        // second connections that took over before the first one's end
  publish::Tally takeovers;        // by a hot standby
  publish::Tally storms;           // of undecodable frames
  publish::Tally refreshes;        // books published whole
  publish::Tally streams_refused;  // gauge: configured, but the venue does not know the symbol
};

// What the connections and the feed of one venue on one thread share. Lives in the feed; everything in it outlives the
// connections.
struct FeedContext {
  const VenueConfig& config;
  const normalize::VenueLimits& limits;
  normalize::Venue& venue;
  publish::Sequencer& out;
  const FeedPorts& ports;
  FeedCounters& counters;
  std::shared_ptr<ConnectBudget> connect_budget;
};

}  // namespace millrace::ingest

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ingest/subscriptions/change.h"
#include "ingest/worker/connection.h"
#include "ingest/worker/refresh_schedule.h"
#include "ingest/worker/rotation.h"

namespace millrace::ingest {

// What a feed needs beside its ports.
struct FeedSettings {
  const VenueConfig* config = nullptr;  // outlives the feed
  std::vector<normalize::Subscription> wanted;
  std::int64_t refresh_ns = 60'000'000'000;
  std::shared_ptr<ConnectBudget> connect_budget;  // of the venue, for the whole process
  std::uint64_t jitter_seed = 0;                  // spreads refreshes
  publish::SequencerOptions sequencer;
  bool in_group = false;  // streams come from other workers, and go to them
};

// What streams of a venue are wanted from now on, and why others are not any more.
struct FeedChange {
  using Removal = publish::Sequencer::Leaving;

  std::vector<normalize::Subscription> wanted;
  Removal removal = Removal::kUnsubscribed;
  std::int64_t epoch = 0;  // of what is added; 0: as before
  bool renewed = false;    // of what stays, too: others may have written it meanwhile
};

// One venue on one thread: its instruments and books, the numbering of its streams, and its connections. Loads
// reference data first, then connects; replaces connections before their lifetime ends; refreshes books. Pure but for
// its ports: time comes from tick() and from frames. All on one thread; counters are readable from any.
class VenueFeed {
 public:
  // Throws std::runtime_error if there is no such venue. `sink` outlives the feed and keeps pointing to its streams.
  VenueFeed(FeedSettings settings, publish::RecordSink& sink, FeedPorts ports);
  ~VenueFeed();
  VenueFeed(const VenueFeed&) = delete;
  VenueFeed& operator=(const VenueFeed&) = delete;

  // Asks for the reference data; everything else follows from the answers.
  void start(UnixNanos now);

  // Often (each 20 ms or so). Whatever it publishes is complete when it returns: the caller flushes. `now` is wall
  // time, ns.
  void tick(UnixNanos now);

  // Before the reference data has come it only notes them.
  void change(const FeedChange& change, UnixNanos now);

  // Publishes every live book whole a last time and closes the connections; stopped() once they are closed.
  void stop(UnixNanos now);
  bool stopped() const;

  publish::Sequencer& sequencer() noexcept { return out_; }
  const publish::Sequencer& sequencer() const noexcept { return out_; }
  const normalize::Venue& venue() const noexcept { return *venue_; }
  const VenueConfig& config() const noexcept { return *settings_.config; }
  const FeedCounters& counters() const noexcept { return counters_; }

 private:
  // The connections that serve one plan: usually one; two while it is being replaced, or always, as a hot standby.
  struct Line {
    std::unique_ptr<Connection> first;
    std::unique_ptr<Connection> second;
  };

  void ask_reference(const normalize::RestRequest& request, UnixNanos not_before);
  bool on_reference(const normalize::RestRequest& request, const normalize::RestAnswer& answer);
  // Reference data is there: connects.
  void begin(UnixNanos now);
  // Symbols that the venue does not name become HALTED streams, so that a slip in the configuration shows in the
  // topics.
  std::vector<normalize::Subscription> known_only(const std::vector<normalize::Subscription>& wanted, UnixNanos now);
  void connect(const std::vector<normalize::Subscription>& wanted);
  void add(const std::vector<normalize::Subscription>& streams, UnixNanos now);
  void renew(UnixNanos now);
  // False: no connection has room, or each that has is being replaced.
  bool add_to_line(const normalize::ConnectionPlan& plan, UnixNanos now);
  void release_unknown(const std::vector<normalize::Subscription>& before, const FeedChange& to, UnixNanos now);
  void remove(const std::vector<normalize::Subscription>& gone, FeedChange::Removal how, UnixNanos now);
  void release(const normalize::Subscription& stream, FeedChange::Removal how, UnixNanos now);
  std::unique_ptr<Connection> make_connection(normalize::ConnectionPlan plan);
  void rotate(Line& line, UnixNanos now);
  void open_second(Line& line);
  // The first one is down: false if there is none that could go on.
  bool hand_on(const Connection& down);
  void take_over(Line& line);
  // Stops it and keeps it until its close is through.
  void retire(std::unique_ptr<Connection> connection);
  void refresh_due(UnixNanos now);
  void refresh(normalize::InstrumentId book);
  // What remains to do for streams that have a connection now.
  void opened(const std::vector<normalize::Subscription>& streams, UnixNanos now);

  FeedSettings settings_;
  const FeedPorts ports_;
  FeedCounters counters_;
  std::unique_ptr<normalize::Venue> venue_;
  const normalize::VenueLimits limits_;
  publish::Sequencer out_;
  FeedContext context_;
  const Rotation rotation_;
  RefreshSchedule refreshes_;
  std::vector<normalize::Subscription> active_;  // wanted and known to the venue
  std::size_t references_awaited_ = 0;
  bool stopping_ = false;
  // Ids stay small and dense, because the sequencer keeps a place for each.
  std::vector<publish::ConnectionId> free_ids_;
  publish::ConnectionId next_id_ = 0;
  std::vector<Line> lines_;                                // first is never null
  std::vector<std::unique_ptr<Connection>> retired_;       // until their close is through
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // answers that come after the feed's end find it gone
};

}  // namespace millrace::ingest

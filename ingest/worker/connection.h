#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/worker/feed_ports.h"
#include "ingest/worker/first_data.h"
#include "ingest/worker/storm_rule.h"

namespace millrace::ingest {

// One connection of a venue: what the session reads goes through an adapter to the sequencer, and what the adapter asks
// for is done. The adapter lives from one opening to the next; the session reconnects by itself. All on one thread;
// time comes from frames and tick().
class Connection final : private SessionListener {
 public:
  // `context` outlives it. Streams are not assigned to it yet: see take_streams().
  Connection(FeedContext& context, normalize::ConnectionPlan plan, publish::ConnectionId id, std::string name);
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // stop() ends for good: the session closes, stopped() becomes true when it has.
  void start();
  void stop();
  bool stopped() const noexcept { return stopped_; }

  // From now on the streams' heartbeats and states go by this connection. Of two that overlap, exactly one has them.
  void take_streams();

  void leave_streams() noexcept { owns_streams_ = false; }
  // Asked before this connection tells of its streams that they are down; true: another one goes on with them.
  void set_standby(std::function<bool()> hand_on) { hand_on_ = std::move(hand_on); }

  // Streams added to and removed from it while it runs.
  void change(const std::vector<normalize::Subscription>& add, const std::vector<normalize::Subscription>& remove,
              UnixNanos now);

  // Often: wake-ups that the adapter asked for, first-data deadlines.
  void tick(UnixNanos now);

  const normalize::ConnectionPlan& plan() const noexcept { return plan_; }
  publish::ConnectionId id() const noexcept { return id_; }
  const std::string& name() const noexcept { return name_; }
  // Empty while down. has_data() is about this opening: a connection that only shook hands has proven nothing.
  std::optional<UnixNanos> open_since() const noexcept { return open_since_; }
  bool has_data() const noexcept { return open_since_ && frames_ > 0; }
  const SessionStats& stats() const noexcept { return link_->stats(); }

 private:
  void on_state(const StateChange& change) override;
  void on_open(UnixNanos now) override;
  void on_frame(const normalize::Frame& frame) override;
  void on_drained() override;
  void on_alive(UnixNanos now) override;
  void on_closed(Reason reason, std::string_view detail, UnixNanos now) override;

  bool on_answer(const normalize::RestAnswer& answer);
  void on_error(const normalize::Error& error, std::string_view text, UnixNanos now);
  void execute(UnixNanos now);
  void ask(normalize::RestRequest request, UnixNanos now);
  void send(std::string text, UnixNanos now);
  void reconnect(std::string_view reason);
  void check_first_data(UnixNanos now);
  bool has_spoken(const normalize::Subscription& subscription) const;
  void record(Direction direction, std::string_view payload, UnixNanos now, bool binary = false);

  FeedContext& context_;
  normalize::ConnectionPlan plan_;
  const publish::ConnectionId id_;
  const std::string name_;
  const std::shared_ptr<ConnectionBoard::Entry> board_;
  std::unique_ptr<normalize::VenueAdapter> adapter_;  // null while not open
  std::shared_ptr<int> opening_;      // answers asked for under an earlier opening are not for this adapter
  normalize::Commands todo_;          // filled by the adapter, emptied by execute()
  std::optional<UnixNanos> wake_at_;  // earliest that the adapter asked for
  std::optional<UnixNanos> open_since_;
  std::uint64_t frames_ = 0;   // of this opening
  bool draining_ = false;      // between the first frame of a drain and on_drained
  bool owns_streams_ = false;  // since take_streams()
  std::function<bool()> hand_on_;
  bool stopped_ = false;
  FirstData first_data_;
  StormRule storm_;
  std::unique_ptr<Link> link_;  // last: calls back
};

}  // namespace millrace::ingest

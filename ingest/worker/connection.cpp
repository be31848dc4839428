#include "ingest/worker/connection.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "ingest/worker/capture_lines.h"
#include "ingest/worker/session_setup.h"

namespace millrace::ingest {

using normalize::Reaction;
using normalize::Subscription;
using schemas::StreamState;

Connection::Connection(FeedContext& context, normalize::ConnectionPlan plan, publish::ConnectionId id, std::string name)
    : context_(context),
      plan_(std::move(plan)),
      id_(id),
      name_(std::move(name)),
      board_(context.counters.connections.add(name_)),
      first_data_(context.config.timeouts.first_data_ms * 1'000'000, context.venue.capabilities()) {
  context_.out.name_connection(id_, name_);
  link_ = context_.ports.make_link(session_settings(context_, plan_.url), *this);
}

Connection::~Connection() = default;

void Connection::start() { link_->start(); }

void Connection::stop() { link_->stop(); }

void Connection::take_streams() {
  owns_streams_ = true;
  for (const Subscription& one : plan_.subscriptions) {
    context_.out.assign({context_.venue.instruments().intern(one.symbol), one.dataset}, id_);
  }
}

// A connection that is down only changes its plan: what it carries is subscribed to when it opens.
void Connection::change(const std::vector<Subscription>& add, const std::vector<Subscription>& remove, UnixNanos now) {
  auto& carried = plan_.subscriptions;
  std::erase_if(carried, [&](const Subscription& one) { return std::ranges::find(remove, one) != remove.end(); });
  carried.insert(carried.end(), add.begin(), add.end());
  first_data_.forget(remove);
  if (owns_streams_) take_streams();
  if (!adapter_) return;  // on_open subscribes to what is carried then
  first_data_.expect(add, now);
  context_.out.begin_timer(now);
  adapter_->change(add, remove, now, context_.out, todo_);
  execute(now);
}

// A new adapter per opening: what the old one waited for belongs to a connection that is gone. The books are the
// venue's and go on.
void Connection::on_open(UnixNanos now) {
  record(Direction::kControl, "open", now);
  open_since_ = now;
  board_->open_since = now;
  frames_ = 0;
  wake_at_.reset();
  opening_ = std::make_shared<int>(0);
  adapter_ = context_.venue.connect();
  first_data_.clear();
  first_data_.expect(plan_.subscriptions, now);
  context_.out.begin_timer(now);
  adapter_->on_open(plan_.subscriptions, now, context_.out, todo_);
  execute(now);
  spdlog::info("connected venue={} connection={} streams={}", context_.config.name, name_, plan_.subscriptions.size());
}

// The hot path. Recorded before it is decoded: the recording has what came, whatever becomes of it here.
void Connection::on_frame(const normalize::Frame& frame) {
  if (!adapter_) return;
  if (!std::exchange(draining_, true) && context_.ports.frame_begins) context_.ports.frame_begins();
  record(Direction::kIn, frame.text, frame.receive_time, frame.binary);
  ++frames_;
  context_.counters.frames.add();
  context_.counters.frame_bytes.add(frame.text.size());
  context_.out.begin_frame(id_, frame.receive_time);
  const auto result = adapter_->on_frame(frame, context_.out, todo_);
  if (result.has_error()) on_error(result.error(), frame.text, frame.receive_time);
  execute(frame.receive_time);
}

void Connection::on_drained() {
  draining_ = false;
  if (context_.ports.drained) context_.ports.drained();
}

void Connection::on_alive(UnixNanos now) { context_.out.connection_alive(id_, now); }

// The adapter first, then its requests: an answer that comes now finds the opening gone and is handed to the next
// asker.
void Connection::on_closed(Reason reason, std::string_view detail, UnixNanos now) {
  record(Direction::kControl, fmt::format("close 1006 {}", ingest::name(reason)), now);
  context_.counters.reconnects.add(ingest::name(reason));
  context_.out.begin_timer(now);
  if (adapter_) adapter_->on_close(now, context_.out);
  adapter_.reset();
  opening_.reset();
  open_since_.reset();
  board_->open_since = 0;
  first_data_.clear();
  const auto level = reason == Reason::kStopped ? spdlog::level::info : spdlog::level::warn;
  spdlog::log(level, "disconnected venue={} connection={} reason={} detail=\"{}\"", context_.config.name, name_,
              ingest::name(reason), detail);
}

// A halted connection is told as an error: nothing but the operator will bring it back.
void Connection::on_state(const StateChange& change) {
  if (change.host_limited && context_.ports.host_limited) context_.ports.host_limited(change.retry_at - change.at);
  board_->state = change.state;
  stopped_ = change.state == StreamState::kDisconnected && change.reason == Reason::kStopped;
  // What an open connection's streams are is the adapter's to say, stream by stream.
  const bool up = change.state == StreamState::kLive || change.state == StreamState::kSyncing;
  if (up || !owns_streams_ || (hand_on_ && hand_on_())) return;
  context_.out.connection_state(id_, change.state, ingest::name(change.reason), change.detail, change.at);
  if (change.state != StreamState::kHalted) return;
  spdlog::error("halted venue={} connection={} reason={} detail=\"{}\"", context_.config.name, name_,
                ingest::name(change.reason), change.detail);
}

// False: this connection is down, and somebody else who asked for the same may have the answer. Flushes by itself, as
// no drain of a socket surrounds it.
bool Connection::on_answer(const normalize::RestAnswer& answer) {
  if (!adapter_) return false;
  if (context_.ports.record) context_.ports.record(rest_line(name_, answer));
  context_.out.begin_timer(answer.receive_time);
  const auto result = adapter_->on_rest(answer, context_.out, todo_);
  if (result.has_error()) on_error(result.error(), answer.body, answer.receive_time);
  execute(answer.receive_time);
  if (context_.ports.drained) context_.ports.drained();
  return true;
}

// What each error costs is one table's to say (reaction_to); what is done about it is here: count always, keep a sample
// of what could not be read, and leave only when the venue or a storm demands it.
void Connection::on_error(const normalize::Error& error, std::string_view text, UnixNanos now) {
  context_.counters.errors.add(normalize::name(error.code));
  switch (normalize::reaction_to(error.code)) {
    case Reaction::kResync:
      // The adapter has said in todo_ how; only this instrument is concerned.
      record(Direction::kControl, fmt::format("resync {} {}", error.where, normalize::name(error.code)), now);
      return;
    case Reaction::kReport:
      spdlog::error("refused venue={} connection={} where=\"{}\"", context_.config.name, name_, error.where);
      return;
    case Reaction::kQuarantine:
      break;
  }
  context_.out.quarantine(id_, error, text, now);
  const StormRule::Verdict storm = storm_.on_bad_frame(now);
  if (!storm.begins) return;
  context_.counters.storms.add();
  spdlog::error("storm venue={} connection={} error={} where=\"{}\"", context_.config.name, name_,
                normalize::name(error.code), error.where);
  if (owns_streams_) context_.out.connection_state(id_, StreamState::kStale, "storm", error.where, now);
  if (storm.reconnect) reconnect("storm");
}

void Connection::execute(UnixNanos now) {
  if (todo_.send.empty() && todo_.rest.empty() && !todo_.wake_at && !todo_.reconnect) return;
  // Taken out first, because what is done may close the connection or call the adapter again.
  normalize::Commands todo = std::exchange(todo_, {});
  if (!adapter_) return;
  if (todo.wake_at) wake_at_ = std::min(wake_at_.value_or(*todo.wake_at), *todo.wake_at);
  for (std::string& text : todo.send) send(std::move(text), now);
  for (normalize::RestRequest& request : todo.rest) ask(std::move(request), now);
  if (todo.reconnect) reconnect(todo.reason);
}

// A queue that is full means that the venue takes our messages more slowly than we need them: its state and ours would
// drift apart, so we begin anew.
void Connection::send(std::string text, UnixNanos now) {
  if (!adapter_) return;
  record(Direction::kOut, text, now);
  if (!link_->send(std::move(text))) reconnect("send_queue_full");
}

// The handler holds a weak token of this opening instead of a pointer: the connection may be gone when the answer
// comes.
void Connection::ask(normalize::RestRequest request, UnixNanos now) {
  const bool taken =
      context_.ports.rest(request, [this, opening = std::weak_ptr<int>(opening_)](const normalize::RestAnswer& answer) {
        return !opening.expired() && on_answer(answer);
      });
  if (taken) return;
  // The adapter's own deadline asks again; the refusal is counted by the client.
  spdlog::warn("request_refused venue={} key={} at={}", context_.config.name, request.key, now);
}

void Connection::reconnect(std::string_view reason) { link_->reconnect(std::string(reason)); }

// One wake-up per adapter is enough: it tells the earliest each time, and an extra call does no harm.
void Connection::tick(UnixNanos now) {
  if (!adapter_) return;
  if (wake_at_ && *wake_at_ <= now) {
    wake_at_.reset();
    context_.out.begin_timer(now);
    adapter_->on_time(now, context_.out, todo_);
    execute(now);
  }
  if (adapter_) check_first_data(now);
}

// A stream on its way counts as spoken: its adapter has deadlines of its own, and two that resubscribe would fight.
bool Connection::has_spoken(const Subscription& subscription) const {
  const auto instrument = context_.venue.instruments().find(subscription.symbol);
  if (!instrument) return false;
  const publish::Stream* stream = context_.out.find({*instrument, subscription.dataset});
  if (stream == nullptr) return false;
  if (stream->state == StreamState::kHalted) return true;  // told; asking again will not help
  const bool under_way = stream->state == StreamState::kSyncing || stream->state == StreamState::kLive ||
                         stream->state == StreamState::kRecovering || stream->state == StreamState::kStale;
  return under_way || (stream->has_data && stream->connection == id_);
}

// Only who owns the streams watches them; the other of two overlapping connections brings the same.
void Connection::check_first_data(UnixNanos now) {
  if (!owns_streams_ || first_data_.waiting() == 0) return;
  const auto overdue = first_data_.check(now, [this](const Subscription& one) { return has_spoken(one); });
  for (const Subscription& one : overdue.given_up) {
    spdlog::warn("no_data venue={} connection={} symbol={} dataset={}", context_.config.name, name_, one.symbol,
                 normalize::name(one.dataset));
  }
  if (overdue.reconnect) return reconnect("no_first_data");
  if (overdue.resubscribe.empty()) return;
  context_.counters.resubscribed.add(overdue.resubscribe.size());
  spdlog::warn("resubscribe venue={} connection={} streams={} reason=no_first_data", context_.config.name, name_,
               overdue.resubscribe.size());
  context_.out.begin_timer(now);
  adapter_->change(overdue.resubscribe, overdue.resubscribe, now, context_.out, todo_);
  execute(now);
}

// Costs nothing without a recorder; with one, a copy of the frame.
void Connection::record(Direction direction, std::string_view payload, UnixNanos now, bool binary) {
  if (!context_.ports.record) return;
  CaptureLine line;
  line.time = now;
  line.direction = direction;
  line.connection = name_;
  line.payload = payload;
  line.binary = binary;
  context_.ports.record(std::move(line));
}

}  // namespace millrace::ingest

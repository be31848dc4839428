#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "ingest/session/session_settings.h"
#include "ingest/session/session_stats.h"
#include "normalize/venue_adapter.h"
#include "schemas/events/meta.h"

namespace boost::asio {
class io_context;
}

namespace millrace::ingest {

using schemas::UnixNanos;
// One list of states for connections and streams (design section 6).
using SessionState = schemas::StreamState;

// A change of a session's state. Views are valid during the call.
struct StateChange {
  SessionState state = SessionState::kDisconnected;
  // Why; kNone on the way up.
  Reason reason = Reason::kNone;
  // For people: address, HTTP status, close code and text, OpenSSL's words; no secret.
  std::string_view detail;
  UnixNanos at = 0;
  // BACKING_OFF: when the next attempt starts; 0 = no attempt planned.
  UnixNanos retry_at = 0;
  // The venue limits us (1008, 429, 418): no REST to this host either before retry_at.
  bool host_limited = false;
};

// What the owner knows and the session cannot see; moves the session between its open states.
enum class Progress : std::uint8_t {
  // Subscriptions acknowledged, books not yet whole.
  kSyncing,
  // Data flows as it should (the session says LIVE by itself at the first message).
  kLive,
  // A sibling contradicts the stream.
  kStale,
  kRecovering,
  // The venue says it is closed: HALTED, the connection is kept.
  kMaintenance,
  // A login was sent: AUTHENTICATING.
  kLoggingIn,
  kAuthenticated,
  // 5 tries, 30 s apart, then HALTED until reconnect().
  kAuthRefused,
};

// The owner's side. Called on the io_context's thread, one call at a time. Inside a call the owner may call any method
// of the Session, but must not destroy it. Calls must not block: all connections of the thread wait meanwhile.
class SessionListener {
 public:
  virtual ~SessionListener() = default;

  // Every change, in order; the last one after stop() is DISCONNECTED.
  virtual void on_state(const StateChange& change) = 0;
  // The upgrade succeeded: now send() works. Follows the change to SUBSCRIBING.
  virtual void on_open(UnixNanos now) = 0;
  // One whole message. frame.text lies in the session's buffer, followed by kFramePadding readable bytes, valid during
  // the call. receive_time is taken once per read of the socket, so messages of one TLS record share it.
  virtual void on_frame(const normalize::Frame& frame) = 0;
  // All that the socket held (or one fair share of it) has been handed over: flush what was batched. Once per wake-up,
  // also when no message came.
  virtual void on_drained() = 0;
  // A ping or pong came: proof of life without a message.
  virtual void on_alive(UnixNanos now) = 0;
  // An open connection is gone. Pairs with on_open; comes before the change to BACKING_OFF, HALTED or DISCONNECTED.
  virtual void on_closed(Reason reason, std::string_view detail, UnixNanos now) = 0;
};

// One WebSocket connection to one address, kept alive: connects, reads, pings, reconnects as SessionFsm decides, until
// stop(). All methods are called on the io_context's one thread (the counters of stats() may be read from any); none
// blocks. May be destroyed at any time outside its listener's calls; a destroyed session calls nobody.
class Session {
 public:
  // Throws std::invalid_argument with what check() says of the settings. `listener` and `context` outlive the session.
  Session(boost::asio::io_context& context, SessionSettings settings, SessionListener& listener);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Takes effect after the caller has returned, as reconnect(), report() and stop() do: so none of them calls the
  // listener back from within. A second start() changes nothing.
  void start();

  // Queues one text message, sent in order within limits.messages_per_second. False: not open, or the queue is full
  // (counted in sends_refused); nothing was queued then. The queue dies with the connection.
  [[nodiscard]] bool send(std::string text);

  // Ends the connection (close 1000) and makes a new one at once; also leaves HALTED. `why` becomes the detail.
  void reconnect(std::string why);

  // Tells what only the owner can know.
  void report(Progress progress, std::string detail = {});

  // Sends a close frame, waits at most deadlines.close for the answer, then DISCONNECTED; start() works again after it.
  void stop();

  // Between on_open and on_closed. The references that stats() and settings() return live as long as the session.
  bool is_open() const noexcept;
  SessionState state() const noexcept;
  const SessionStats& stats() const noexcept;
  const SessionSettings& settings() const noexcept;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace millrace::ingest

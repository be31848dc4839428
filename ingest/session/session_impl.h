#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/session/connect_budget.h"
#include "ingest/session/frame_reader.h"
#include "ingest/session/random_bytes.h"
#include "ingest/session/rate_window.h"
#include "ingest/session/resolver.h"
#include "ingest/session/send_queue.h"
#include "ingest/session/session.h"
#include "ingest/session/session_fsm.h"
#include "ingest/session/transport.h"
#include "ingest/session/upgrade.h"
#include "ingest/session/url.h"
#include "ingest/session/watchdog.h"

namespace millrace::ingest {

// Obeys SessionFsm: performs one action, reports its outcome, performs the next. All on the io_context's thread.
// `turn_` counts the actions; a completion that belongs to an earlier one is dropped, so nothing needs to be cancelled
// in time. Calls of the owner that decide something are posted, so the FSM never runs inside the owner's callbacks. The
// parts: session_impl.cpp (decisions and their consequences), session_connect.cpp (the steps to an open connection),
// session_receive.cpp and session_send.cpp (the open connection).
class Session::Impl : public std::enable_shared_from_this<Session::Impl> {
 public:
  Impl(boost::asio::io_context& context, SessionSettings settings, SessionListener& listener);

  // The Session is gone: call nobody any more.
  void detach();
  bool send(std::string text);
  // By the owner: posted.
  void ask(Outcome outcome, std::string detail);

  // For Session; changed on the io_context's thread only.
  const SessionSettings settings_;
  SessionStats stats_;
  SessionFsm fsm_;
  // Between on_open and on_closed.
  bool open_ = false;
  // reconnect() or stop() was called: hand out no more frames.
  bool leaving_ = false;

 private:
  using Clock = std::chrono::steady_clock;
  // Why reading stops, to be told to the FSM once the reading loop is left.
  struct Ending {
    Outcome outcome;
    std::string detail;
  };

  // session_impl.cpp

  // Feeds one outcome to the FSM and performs what it decides. `detail` is for people.
  void happened(const Outcome& outcome, const std::string& detail = {});
  void perform(const Action& action);
  void tell(const Decision& decision, std::string_view detail);
  // Closes what is left and calls on_closed if the owner had an open connection.
  void drop(const Decision& decision, std::string_view detail);
  void start_timer(Nanos time, Outcome at_end, std::string detail);
  // By value: the words often belong to what the failure drops.
  void fail(Reason reason, std::string detail) { happened(failure(reason), detail); }
  static Outcome failure(Reason reason) { return {.kind = Outcome::Kind::kFailed, .reason = reason}; }

  // Wraps a completion so that it runs only while this object lives and the present action is still under way.
  template <class Then>
  auto in_turn(Then then) {
    return [self = shared_from_this(), turn = turn_, then = std::move(then)](auto&&... arguments) mutable {
      if (self->turn_ == turn && !self->detached_) then(std::forward<decltype(arguments)>(arguments)...);
    };
  }
  template <class Then>
  void later(Then then) {
    boost::asio::post(context_, in_turn(std::move(then)));
  }

  // session_connect.cpp
  void admit();
  void resolve();
  void resolved(Addresses found);
  void connect(int address);
  void handshake();
  void begin_upgrade();
  void read_upgrade();
  void judge_upgrade(Upgrade::Verdict verdict);
  template <class Again>
  // False: the transport has failed.
  bool wait_for(Transport::Status status, Again again);

  // session_receive.cpp
  void opened();
  void await_bytes();
  void drain();
  std::optional<Ending> read_share(bool& empty);
  // All messages of the buffer to the owner; an ending if one of them was the last.
  std::optional<Ending> deliver(UnixNanos now);
  std::optional<Ending> take(const Incoming& incoming, UnixNanos now);
  void take_message(const Incoming& incoming, UnixNanos now);
  std::optional<Ending> stopped_reading(Transport::Status status) const;
  void count_frames();

  // session_send.cpp

  // Moves what waits to the wire, as far as the venue's rate and the socket allow.
  void pump();
  void flush();
  void pong(std::string_view data);
  void ping();
  void append_next();
  void append_ping_now();
  void took_pong(std::string_view data);
  // Best effort: what the socket does not take at once is forgotten.
  void say_goodbye(int close_code);
  void watch();

  static Nanos steady_now() { return Clock::now().time_since_epoch(); }
  static UnixNanos unix_now();

  boost::asio::io_context& context_;
  SessionListener& listener_;
  const WsUrl url_;
  RandomBytes random_;
  std::shared_ptr<TlsContext> tls_;
  std::shared_ptr<ConnectBudget> budget_;
  // Of the last connection, for resumption; declared before the transport that fills it.
  SslSessionPtr tls_session_;
  Addresses addresses_;
  Lookup lookup_;
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<Upgrade> upgrade_;  // during the HTTP part only
  FrameReader reader_;
  SendQueue queue_;
  RateWindow send_rate_;
  Watchdog watchdog_;
  // Frames on their way out, bounded by kMostOutgoing.
  std::string outgoing_;
  // Of outgoing_.
  std::size_t written_ = 0;
  // Waiting until the socket takes more.
  bool writing_ = false;
  // On this connection.
  bool got_message_ = false;
  // Our close frame is out: only wait for the peer's.
  bool closing_ = false;
  // The newest ping of the peer that has no answer yet, and whether one of ours is to leave.
  std::optional<std::string> pong_due_;
  bool ping_due_ = false;
  // Of the ping not yet answered, empty if none.
  std::string ping_data_;
  // Rises with each action; what in_turn() compares.
  std::uint64_t turn_ = 0;
  // The Session is gone; what still runs on this object only ends.
  bool detached_ = false;
  // Of the present action.
  boost::asio::steady_timer timer_;
  // Of the open connection.
  boost::asio::steady_timer watch_timer_;
  // Until the message rate has a place.
  boost::asio::steady_timer send_timer_;
};

}  // namespace millrace::ingest

#include "ingest/session/frame_writer.h"
#include "ingest/session/session_impl.h"

// What leaves: texts within the venue's rate, pings, pongs, the close frame. And the watch over the open connection.
namespace millrace::ingest {
namespace {

// Encoded bytes that wait for a slow peer; what else is to be sent waits where it is.
constexpr std::size_t kMostOutgoing = 64 * 1024;

}  // namespace

// The texts wait here and not in the socket: what is not sent when the connection breaks belongs to a state that is
// gone, and dies with it.
bool Session::Impl::send(std::string text) {
  if (!open_ || leaving_ || detached_ || !queue_.push(std::move(text))) {
    stats_.sends_refused.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  pump();
  return true;
}

// Moves what waits to the wire as far as rate and peer allow: pongs and pings count as messages at the venues, too.
void Session::Impl::pump() {
  while ((pong_due_ || ping_due_ || !queue_.empty()) && outgoing_.size() - written_ < kMostOutgoing) {
    const Nanos wait = send_rate_.take(steady_now());
    if (wait > Nanos::zero()) {
      send_timer_.expires_after(wait);
      send_timer_.async_wait(in_turn([this](const boost::system::error_code& error) {
        if (!error) pump();
      }));
      break;
    }
    append_next();
  }
  stats_.send_queue.store(static_cast<std::int64_t>(queue_.size()), std::memory_order_relaxed);
  flush();
}

// Pongs first: a venue closes who does not answer in time. Then our ping, which proves the connection; texts can wait.
void Session::Impl::append_next() {
  if (pong_due_) {
    append_pong(outgoing_, *pong_due_, random_.word());
    pong_due_.reset();
    stats_.pongs_sent.fetch_add(1, std::memory_order_relaxed);
  } else if (ping_due_) {
    ping_due_ = false;
    append_ping_now();
  } else {
    append_text(outgoing_, queue_.front(), random_.word());
    queue_.pop();
    stats_.messages_sent.fetch_add(1, std::memory_order_relaxed);
  }
}

// Writes until all is out or the socket takes no more; then goes on when it does.
void Session::Impl::flush() {
  while (!writing_ && written_ < outgoing_.size()) {
    const auto moved = transport_->write(std::string_view(outgoing_).substr(written_));
    if (moved.status == Transport::Status::kOk) {
      written_ += moved.bytes;
      continue;
    }
    if (moved.status != Transport::Status::kWantWrite && moved.status != Transport::Status::kWantRead) {
      const Reason reason = transport_->timed_out() ? Reason::kHalfOpen : Reason::kReset;
      return later([this, reason, detail = transport_->error()] { fail(reason, detail); });
    }
    writing_ = true;
    const bool writes = moved.status == Transport::Status::kWantWrite;
    using Socket = boost::asio::ip::tcp::socket;
    transport_->socket().async_wait(writes ? Socket::wait_write : Socket::wait_read,
                                    in_turn([this](const boost::system::error_code&) {
                                      writing_ = false;
                                      pump();
                                    }));
  }
  if (written_ < outgoing_.size()) return;
  outgoing_.clear();
  written_ = 0;
}

// Only the newest ping is answered when several wait (RFC 6455, 5.5.3): to answer each of a flood would break the
// venue's own limit of messages.
void Session::Impl::pong(std::string_view data) {
  if (closing_) return;
  pong_due_ = data;
  pump();
}

void Session::Impl::ping() {
  ping_due_ = true;
  pump();
}

// A text ping has no answer that we could tell from others, so only WebSocket pings are waited for. Their data is the
// time of sending, which the pong brings back.
void Session::Impl::append_ping_now() {
  stats_.pings_sent.fetch_add(1, std::memory_order_relaxed);
  if (!settings_.ping_text.empty()) return append_text(outgoing_, settings_.ping_text, random_.word());
  ping_data_ = std::to_string(steady_now().count());
  watchdog_.awaits_pong(steady_now());
  append_ping(outgoing_, ping_data_, random_.word());
}

// A pong that nobody asked for is allowed and means nothing but life.
void Session::Impl::took_pong(std::string_view data) {
  if (ping_data_.empty() || data != ping_data_) return;
  stats_.rtt_ns.store(steady_now().count() - std::stoll(ping_data_), std::memory_order_relaxed);
  ping_data_.clear();
  watchdog_.got_pong();
}

// The close frame as far as the socket takes it now; nobody waits for a peer that does not read.
void Session::Impl::say_goodbye(int close_code) {
  append_close(outgoing_, static_cast<std::uint16_t>(close_code), {}, random_.word());
  while (written_ < outgoing_.size()) {
    const auto moved = transport_->write(std::string_view(outgoing_).substr(written_));
    if (moved.status != Transport::Status::kOk) return;
    written_ += moved.bytes;
  }
}

// One timer for all limits of the open connection, set to the nearest; heard() moves the silence limit on without
// touching it, so a busy connection costs no timer calls.
void Session::Impl::watch() {
  const Nanos next = watchdog_.next();
  if (next == Watchdog::kNever) return;
  watch_timer_.expires_at(Clock::time_point(std::chrono::duration_cast<Clock::duration>(next)));
  watch_timer_.async_wait(in_turn([this](const boost::system::error_code& error) {
    if (error) return;
    switch (watchdog_.check(steady_now())) {
      case Watchdog::Due::kNoData:
        return fail(Reason::kNoData, "open, but no message in time");
      case Watchdog::Due::kSilent:
        return fail(Reason::kSilent, "nothing received for longer than the venue's limit");
      case Watchdog::Due::kStalled:
        return fail(Reason::kSilent, "no message on a connection that was busy, though it answers");
      case Watchdog::Due::kHalfOpen:
        return fail(Reason::kHalfOpen, "no pong in time");
      case Watchdog::Due::kStable:
        happened({.kind = Outcome::Kind::kStable});
        break;
      case Watchdog::Due::kPing:
        ping();
        break;
      case Watchdog::Due::kNothing:
        break;
    }
    watch();
  }));
}

}  // namespace millrace::ingest

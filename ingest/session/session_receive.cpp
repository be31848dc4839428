#include "ingest/session/session_impl.h"

// The hot path: one wait, then read until the socket is empty, each message handed over where it lies.
namespace millrace::ingest {
namespace {

// What one wake-up may take before other connections of the thread get their turn.
constexpr std::size_t kFairBytes = 256 * 1024;
constexpr int kFairReads = 1024;

// The only writer of these counters is the session's thread, so no locked instruction is needed.
void bump(SessionStats::Counter& counter, std::int64_t by = 1) {
  counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

}  // namespace

// The owner hears of the opening before the first frame, and may send from within that call.
void Session::Impl::opened() {
  const UnixNanos now = unix_now();
  upgrade_.reset();
  open_ = true;
  leaving_ = got_message_ = false;
  ping_data_.clear();
  pong_due_.reset();
  ping_due_ = false;
  bump(stats_.connects);
  if (transport_->resumed()) bump(stats_.tls_resumed);
  stats_.open_since_ns.store(now, std::memory_order_relaxed);
  stats_.last_frame_ns.store(now, std::memory_order_relaxed);
  watchdog_.opened(steady_now());
  watch();
  listener_.on_open(now);
  // Frames may have come in one piece with the HTTP answer.
  later([this] {
    if (auto ending = deliver(unix_now())) return happened(ending->outcome, ending->detail);
    drain();
  });
}

void Session::Impl::await_bytes() {
  transport_->socket().async_wait(boost::asio::ip::tcp::socket::wait_read,
                                  in_turn([this](const boost::system::error_code&) { drain(); }));
}

// The heart of the receive path. on_drained comes before a possible end is told, so that what was batched leaves even
// if the connection is gone; after a share that was not enough the thread's other connections come first.
void Session::Impl::drain() {
  bump(stats_.read_wakeups);
  bool empty = false;
  auto ending = read_share(empty);
  count_frames();
  if (!closing_) listener_.on_drained();
  if (ending) return happened(ending->outcome, ending->detail);
  if (leaving_ && !closing_) return;  // the posted wish of the owner decides what comes next
  if (empty) return await_bytes();
  later([this] { drain(); });
}

// Reads until the socket is empty or the share is used up.
std::optional<Session::Impl::Ending> Session::Impl::read_share(bool& empty) {
  std::size_t bytes = 0;
  for (int reads = 0; reads < kFairReads && bytes < kFairBytes; ++reads) {
    const auto got = transport_->read(reader_.prepare());
    if (got.status != Transport::Status::kOk) {
      empty = true;
      return stopped_reading(got.status);
    }
    bytes += got.bytes;
    reader_.commit(got.bytes);
    bump(stats_.bytes, static_cast<std::int64_t>(got.bytes));
    if (auto ending = deliver(unix_now())) return ending;
    if (leaving_ && !closing_) return std::nullopt;
  }
  return std::nullopt;
}

std::optional<Session::Impl::Ending> Session::Impl::stopped_reading(Transport::Status status) const {
  switch (status) {
    case Transport::Status::kWantRead:
    case Transport::Status::kWantWrite:  // TLS wants to send; the next flush or read does it
      return std::nullopt;
    case Transport::Status::kEnd:
      return Ending{failure(Reason::kEof), "the peer closed without a close frame"};
    default:
      return Ending{failure(transport_->timed_out() ? Reason::kHalfOpen : Reason::kReset), transport_->error()};
  }
}

// Whole frames are the sign of life: a peer that drips single bytes is as good as silent.
void Session::Impl::count_frames() {
  if (reader_.frames() == stats_.frames.load(std::memory_order_relaxed)) return;
  stats_.frames.store(reader_.frames(), std::memory_order_relaxed);
  stats_.last_frame_ns.store(unix_now(), std::memory_order_relaxed);
  watchdog_.heard(steady_now());
}

// Hands over every whole message that the buffer holds.
// Stops when the owner has asked for the end: its adapter may be gone with the next decision.
std::optional<Session::Impl::Ending> Session::Impl::deliver(UnixNanos now) {
  for (;;) {
    if (leaving_ && !closing_) return std::nullopt;
    const Incoming incoming = reader_.next();
    if (incoming.kind == Incoming::Kind::kMessage) {
      take_message(incoming, now);
      continue;
    }
    if (incoming.kind == Incoming::Kind::kNeedMore) return std::nullopt;
    if (auto ending = take(incoming, now)) return ending;
  }
}

// The first message makes the session LIVE, before it is handed over.
void Session::Impl::take_message(const Incoming& incoming, UnixNanos now) {
  if (closing_) return;
  bump(stats_.messages);
  if (incoming.compressed) {
    bump(stats_.compressed_bytes, incoming.wire_bytes);
    bump(stats_.inflated_bytes, static_cast<std::int64_t>(incoming.payload.size()));
  }
  watchdog_.got_message();
  if (!got_message_) {
    got_message_ = true;
    happened({.kind = Outcome::Kind::kMessage});
  }
  listener_.on_frame({.text = incoming.payload, .receive_time = now, .binary = incoming.binary});
}

// Everything but messages.
std::optional<Session::Impl::Ending> Session::Impl::take(const Incoming& incoming, UnixNanos now) {
  switch (incoming.kind) {
    case Incoming::Kind::kPing:
      bump(stats_.pings_received);
      pong(incoming.payload);
      break;
    case Incoming::Kind::kPong:
      bump(stats_.pongs_received);
      took_pong(incoming.payload);
      break;
    case Incoming::Kind::kClose:
      return Ending{{.kind = Outcome::Kind::kClosed, .value = incoming.close_code},
                    "close " + std::to_string(incoming.close_code) + " " + std::string(incoming.payload)};
    default: {
      Outcome outcome = failure(incoming.close_code == close_code::kTooBig ? Reason::kTooBig : Reason::kProtocol);
      outcome.value = incoming.close_code;
      return Ending{outcome, std::string(incoming.payload)};
    }
  }
  if (!closing_) listener_.on_alive(now);
  return std::nullopt;
}

}  // namespace millrace::ingest

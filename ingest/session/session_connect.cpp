#include <boost/asio/ip/tcp.hpp>

#include "ingest/session/session_impl.h"

// The steps from nothing to an open connection. Each ends in exactly one outcome.
namespace millrace::ingest {
namespace {

using boost::asio::ip::tcp;

std::string text_of(const tcp::endpoint& endpoint) {
  return endpoint.address().to_string() + " port " + std::to_string(endpoint.port());
}

}  // namespace

// Asked per attempt, not per session: the venue counts every TCP connect from our address, failed ones too.
void Session::Impl::admit() {
  const Nanos wait = budget_->take(steady_now());
  if (wait == Nanos::zero()) return happened({.kind = Outcome::Kind::kAdmitted});
  happened({.kind = Outcome::Kind::kNotAdmitted, .wait = wait}, "the venue's connect rate is used up");
}

// Addresses of the configuration first: a venue's stand-in on this machine must not depend on DNS.
void Session::Impl::resolve() {
  Addresses given;
  for (const auto& text : settings_.resolve_override) given.push_back(boost::asio::ip::make_address(text));
  if (given.empty() && url_.is_address) given.push_back(boost::asio::ip::make_address(url_.host));
  if (!given.empty()) return resolved(std::move(given));
  lookup_ =
      Resolver::shared().resolve(context_, url_.host, in_turn([this](const Addresses& found) { resolved(found); }));
}

void Session::Impl::resolved(Addresses found) {
  addresses_ = std::move(found);
  happened({.kind = Outcome::Kind::kResolved, .value = static_cast<int>(addresses_.size())},
           addresses_.empty() ? "no address for " + url_.host : std::string());
}

// When the last address has failed, the name is asked for anew: what DNS said may be old. The pong deadline is also
// TCP's patience: bytes not acknowledged for so long mean a half-open connection.
void Session::Impl::connect(int address) {
  stats_.attempts.fetch_add(1, std::memory_order_relaxed);
  if (transport_) transport_->close();
  transport_ = std::make_unique<Transport>(context_);
  const tcp::endpoint endpoint(addresses_[static_cast<std::size_t>(address)], url_.port);
  const bool last = static_cast<std::size_t>(address) + 1 == addresses_.size();
  transport_->socket().async_connect(endpoint, in_turn([this, endpoint, last](const boost::system::error_code& error) {
                                       if (error) {
                                         if (last) Resolver::shared().distrust(url_.host);
                                         return fail(Reason::kConnect, text_of(endpoint) + ": " + error.message());
                                       }
                                       using std::chrono::milliseconds;
                                       const auto patience =
                                           std::chrono::duration_cast<milliseconds>(settings_.deadlines.pong);
                                       if (!transport_->prepare(static_cast<int>(patience.count())))
                                         return fail(Reason::kConnect, transport_->error());
                                       happened({.kind = Outcome::Kind::kConnected});
                                     }));
}

template <class Again>
bool Session::Impl::wait_for(Transport::Status status, Again again) {
  const bool reads = status == Transport::Status::kWantRead;
  if (!reads && status != Transport::Status::kWantWrite) return false;
  transport_->socket().async_wait(reads ? tcp::socket::wait_read : tcp::socket::wait_write,
                                  in_turn([again](const boost::system::error_code&) { again(); }));
  return true;
}

// Called again whenever the socket is ready, until OpenSSL is through. A certificate that is refused has a reason of
// its own, since trying again soon will not help.
void Session::Impl::handshake() {
  if (!transport_->secured() && !transport_->secure(*tls_, url_.host, url_.is_address, &tls_session_)) {
    return fail(Reason::kTls, transport_->error());
  }
  const auto status = transport_->handshake();
  if (status == Transport::Status::kOk) return happened({.kind = Outcome::Kind::kSecured});
  if (wait_for(status, [this] { handshake(); })) return;
  if (transport_->untrusted()) return fail(Reason::kUntrusted, url_.host + ": " + transport_->error());
  const bool ended = status == Transport::Status::kEnd;
  fail(Reason::kTls, ended ? "the peer closed during the TLS handshake" : transport_->error());
}

// A request of a few hundred bytes fits any socket buffer; should it not, flush() goes on by itself.
void Session::Impl::begin_upgrade() {
  reader_.reset();
  upgrade_ = std::make_unique<Upgrade>(url_, settings_, random_.nonce());
  outgoing_ = upgrade_->request();
  written_ = 0;
  writing_ = false;
  flush();
  read_upgrade();
}

// Bytes go into the frame reader's buffer from the start: a venue may send its first frames in one piece with the HTTP
// answer.
void Session::Impl::read_upgrade() {
  for (;;) {
    const auto got = transport_->read(reader_.prepare());
    if (got.status != Transport::Status::kOk) {
      if (wait_for(got.status, [this] { read_upgrade(); })) return;
      return fail(Reason::kUpgrade, got.status == Transport::Status::kEnd ? "the peer closed before its HTTP answer"
                                                                          : transport_->error());
    }
    reader_.commit(got.bytes);
    std::size_t used = 0;
    const auto verdict = upgrade_->feed(reader_.unread(), used);
    reader_.consume(used);
    if (verdict != Upgrade::Verdict::kNeedMore) return judge_upgrade(verdict);
  }
}

void Session::Impl::judge_upgrade(Upgrade::Verdict verdict) {
  const std::string detail = upgrade_->detail();
  switch (verdict) {
    case Upgrade::Verdict::kAccepted:
      reader_.use_deflate(upgrade_->deflate());
      return happened({.kind = Outcome::Kind::kUpgraded});
    case Upgrade::Verdict::kRefused:
      return happened({.kind = Outcome::Kind::kRefused, .value = upgrade_->status(), .wait = upgrade_->retry_after()},
                      detail);
    default:
      return fail(Reason::kUpgrade, detail);
  }
}

}  // namespace millrace::ingest

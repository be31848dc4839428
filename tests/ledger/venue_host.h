#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "ingest/rest/https_connection.h"
#include "normalize/venue_adapter.h"
#include "tests/ledger/history.h"
#include "tests/sim/accounts/make_face.h"
#include "tests/sim/accounts/random.h"

namespace millrace::ledger {

// The venue behind a network that takes its time: carries what the account's face says to whoever is connected, in
// order, and REST requests to it and back. Its own life goes on by tick().
class VenueHost {
 public:
  using Receive = std::function<void(const sim::accounts::Outgoing&)>;

  VenueHost(std::unique_ptr<sim::accounts::AccountFace> face, Timeline& time, History& history, std::uint64_t seed)
      : face_(std::move(face)), time_(time), history_(history), random_(seed) {}

  sim::accounts::AccountFace& face() noexcept { return *face_; }
  // What the venue's clock shows.
  UnixNanos venue_now() const { return time_.now() + face_->knobs().clock_skew_ns; }

  // False: there is no WebSocket at this target. `receive` hears everything until closed().
  bool serves(const std::string& target) const { return face_->serves(target); }
  sim::accounts::ConnId open(const std::string& target, Receive receive);
  void send(sim::accounts::ConnId conn, std::string text);
  // The client's end is gone; the venue hears of it later.
  void closed(sim::accounts::ConnId conn);

  // `done` is called later, exactly once.
  void rest(ingest::HttpRequest request, ingest::HttpsConnection::Done done);

  // The account lives on, and what it has to say is on its way.
  void tick();
  // After a command to the ledger.
  void deliver();

 private:
  struct Conn {
    Receive receive;
    UnixNanos to_venue = 0, to_client = 0;  // when the last message arrives: none overtakes another
  };
  std::int64_t latency() { return kMillisecond + random_.below(30 * kMillisecond); }

  std::unique_ptr<sim::accounts::AccountFace> face_;
  Timeline& time_;
  History& history_;
  sim::accounts::Random random_;
  std::map<sim::accounts::ConnId, Conn> conns_;
  sim::accounts::ConnId last_conn_ = 0;
};

}  // namespace millrace::ledger

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "replay/fills/account_sidecar.h"
#include "tests/ledger/scenario.h"
#include "tests/ledger/worker_process.h"

namespace millrace::ledger {

// One life of the sidecar: the real core over the test's venue, broker and clock. What it asked for and was not
// answered when it dies may still take place at the broker.
class SidecarProcess final : public fills::SidecarPorts {
 public:
  struct World {
    Timeline& time;
    History& history;
    Random& random;
    VenueHost& host;
    Broker& broker;
    Nonces& nonces;
    const sim::accounts::AccountKeys& keys;
    const Scenario& scenario;
    bool calm = false;  // nothing fails any more
    // It is to be killed so long from now.
    std::function<void(std::int64_t wait)> dies;
  };
  // The world outlives it, and it outlives what it asks of the timeline: a dead one is kept until the run is over.
  explicit SidecarProcess(World& world);

  // SIGKILL.
  void die();
  bool is_dead() const noexcept { return core_ == nullptr; }
  const fills::AccountSidecar& core() const noexcept { return *core_; }
  void by_hand();
  // The sweep that was asked for by hand has ended well, up to the moment when it was asked for.
  bool swept_by_hand() const noexcept { return swept_by_hand_; }
  const fills::SidecarCounters& counters() const noexcept { return counters_; }

  // The broker's topics have one more.
  void on_record();
  void on_status(const StatusRecord& record);
  // The worker's heartbeats have ended.
  void stream_is_gone();

  void ask(std::int64_t id, const normalize::PrivateRequest& request) override;
  void publish(std::int64_t id, const normalize::FoundFill& fill, UnixNanos received) override;
  void catch_up(std::int64_t id) override;
  void commit(std::int64_t id, const schemas::Cursor& cursor, const schemas::Recovery& recovery) override;
  void read_cursor(std::int64_t id) override;
  void renew_token(std::int64_t id) override;
  void tell(const schemas::Recovery& recovery) override;
  void venue_clock(UnixNanos venue, UnixNanos ours) override { offset_ = venue - ours; }
  void host_stopped(UnixNanos) override {}
  void would_publish(const normalize::FoundFill&) override {}

 private:
  // Calls the core, unless the process has died by then.
  void later(std::int64_t wait, std::function<void(fills::AccountSidecar&, UnixNanos)> what);
  void poke();
  void consume(std::size_t until);
  void answer(std::int64_t id, const normalize::PrivateRequest& request, ingest::HttpAnswer& answer);
  bool chance(double p) { return !world_.calm && world_.random.chance(p); }

  World& world_;
  std::unique_ptr<normalize::AccountVenue> venue_;
  std::unique_ptr<ingest::AccountSigner> signer_;
  fills::RateShare share_;
  std::int64_t offset_ = 0;
  std::size_t consumed_ = 0;  // of the execution topic
  UnixNanos last_landing_ = 0;
  schemas::StreamState stream_ = schemas::StreamState::kUnspecified;
  std::int64_t epoch_ = 0;
  UnixNanos woken_for_ = 0;
  UnixNanos asked_by_hand_ = 0;  // the venue's time
  bool swept_by_hand_ = false;
  fills::SidecarCounters counters_;
  std::unique_ptr<fills::AccountSidecar> core_;
};

}  // namespace millrace::ledger

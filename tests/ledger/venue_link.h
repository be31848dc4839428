#pragma once

#include <functional>
#include <memory>
#include <string>

#include "ingest/session/session_fsm.h"
#include "ingest/worker/link.h"
#include "tests/ledger/venue_host.h"

namespace millrace::ledger {

// A connection to a VenueHost: the session's own state machine decides when and how often, this plays the network. As
// Session, it calls its listener never from within a call.
class VenueLink final : public ingest::Link {
 public:
  // All outlive it but for what it has asked of the timeline.
  VenueLink(ingest::SessionSettings settings, ingest::SessionListener& listener, VenueHost& host, Timeline& time,
            History& history, std::uint64_t seed);
  ~VenueLink() override;

  void start() override { later({.kind = ingest::Outcome::Kind::kStart}); }
  bool send(std::string text) override;
  void reconnect(std::string why) override;
  void report(ingest::Progress progress, std::string detail) override;
  void stop() override { later({.kind = ingest::Outcome::Kind::kStop}); }
  const ingest::SessionStats& stats() const noexcept override { return stats_; }

  // Expires with the link: its feed may end one long before it wants the next.
  std::weak_ptr<VenueLink> watched() { return std::shared_ptr<VenueLink>(alive_, this); }
  // Often: pings, and an end of what is silent.
  void watch();

 private:
  using Outcome = ingest::Outcome;

  void later(Outcome outcome, std::int64_t wait = 0);
  // The outcome of the present step, unless another one takes its place before.
  void step_ends(Outcome outcome, std::int64_t wait);
  void resume(const Outcome& outcome);
  void perform(const ingest::Decision& decision);
  void open();
  void drop(ingest::Reason reason);
  void receive(const sim::accounts::Outgoing& message);
  void tell(const ingest::Decision& decision, UnixNanos retry_at);

  const ingest::SessionSettings settings_;
  ingest::SessionListener& listener_;
  VenueHost& host_;
  Timeline& time_;
  History& history_;
  ingest::SessionFsm fsm_;
  sim::accounts::Random random_;
  ingest::SessionStats stats_;
  std::string target_;
  sim::accounts::ConnId conn_ = 0;  // 0 = not open
  bool had_message_ = false;
  UnixNanos heard_ = 0, pinged_ = 0;
  std::uint64_t step_ = 0;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace millrace::ledger

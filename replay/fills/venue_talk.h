#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "normalize/account/account_adapter.h"
#include "replay/fills/rate_share.h"
#include "replay/fills/sidecar_ports.h"
#include "replay/fills/triggers.h"

namespace millrace::fills {

// One question to the venue's REST host at a time, until it is answered or given up: waits for the budget, repeats what
// may be repeated, asks the venue's time after a complaint about the clock and for a token after one about the token.
// Reads no clock. One thread.
class VenueTalk {
 public:
  struct Limits {
    int request_tries = 5;
    int limited_tries = 5;
  };
  // kGood: the answer handed in is what was asked for. kFailed: see why() and error(). kWaiting: not yet.
  enum class Step : std::uint8_t { kWaiting, kGood, kFailed };

  // All three must outlive it.
  VenueTalk(const normalize::AccountVenue& venue, SidecarPorts& ports, RateShare& share, std::int64_t& next_id,
            Limits limits)
      : venue_(venue), ports_(ports), share_(share), next_id_(next_id), limits_(limits) {}

  // Asks, as soon as the budget and request.not_before allow. Whatever was asked before is forgotten, and its answer
  // will be ignored.
  void ask(normalize::PrivateRequest request, UnixNanos now);
  void drop();

  // For an id that is not the present one: kWaiting, nothing happens.
  Step on_answer(std::int64_t id, const normalize::PrivateAnswer& answer, UnixNanos now);
  Step on_token(std::int64_t id, bool renewed, UnixNanos now);
  void on_time(UnixNanos now);
  std::optional<UnixNanos> wake_at() const noexcept { return wake_at_; }

  Failure why() const noexcept { return why_; }
  // For people; never secret.
  const std::string& error() const noexcept { return error_; }
  // kLimited: what the host asked for.
  UnixNanos stopped_until() const noexcept { return stopped_until_; }
  // Sent since the last call of this.
  std::int64_t take_sent() noexcept;

 private:
  enum class Under : std::uint8_t { kNothing, kRequest, kTime, kToken };

  Step react(const normalize::Judgement& judgement, UnixNanos now);
  Step again(std::int64_t wait, UnixNanos now);
  Step limited(const normalize::Judgement& judgement, UnixNanos now);
  Step ask_time(const normalize::Judgement& judgement, UnixNanos now);
  Step on_time_answer(const normalize::PrivateAnswer& answer, UnixNanos now);
  Step fail(Failure why, const std::string& what, const std::string& detail);
  void send(UnixNanos now);

  const normalize::AccountVenue& venue_;
  SidecarPorts& ports_;
  RateShare& share_;
  std::int64_t& next_id_;
  const Limits limits_;

  normalize::PrivateRequest request_;
  Under under_ = Under::kNothing;
  std::int64_t id_ = 0;  // awaited; 0 = none is out
  std::optional<UnixNanos> wake_at_;
  int tries_ = 0, limited_ = 0, nonces_ = 0;
  bool clock_asked_ = false, token_asked_ = false;
  std::int64_t sent_ = 0;
  Failure why_ = Failure::kNone;
  std::string error_;
  UnixNanos stopped_until_ = 0;
};

}  // namespace millrace::fills

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ingest/config/config.h"
#include "replay/fills/account_run.h"

namespace millrace::fills {

// A sweep by hand of one account.
struct HandSweep {
  std::string account;  // "venue/name", or the name where it is the only one of it
  UnixNanos from = 0;   // the venue's time, both ends inclusive
  UnixNanos to = 0;
  bool dry_run = false;  // only tell what would be published; takes nothing over
};

struct SidecarOptions {
  bool take_over = false;  // do not wait for another sidecar's sign of life to grow old
  std::optional<HandSweep> hand;
  std::function<void(const SidecarProgress&)> on_progress;            // by hand: each second
  std::function<void(const normalize::FoundFill&)> on_would_publish;  // a dry run's finds
  std::function<void(const SweepEnd&)> on_end;                        // by hand
};

// How a sidecar ended; the values are exit statuses.
enum class SidecarEnd : int { kStopped = 0, kFailed = 1, kTakenOver = 3 };

// The sidecar of all configured accounts: sockets, broker and clock around AccountRun. Made and run on one thread;
// stop() and metrics may come from others.
class SidecarProcess {
 public:
  // `config` has passed load().
  SidecarProcess(ingest::Config config, SidecarOptions options);
  ~SidecarProcess();
  SidecarProcess(const SidecarProcess&) = delete;
  SidecarProcess& operator=(const SidecarProcess&) = delete;

  // Takes the accounts over, reads the topics, sweeps until stop(), until another sidecar has taken over, or, by hand,
  // until the sweep has ended. Throws std::runtime_error for what cannot work: keys, topics, the broker.
  // `ready` is called once sweeps may begin.
  SidecarEnd run(const std::function<void(const std::string& metrics_address)>& ready);
  // The accounts' keys are read again from where `config` says, and what refused keys had ended goes on; nothing else
  // of it is taken over. From any thread; takes effect once run() sweeps.
  void renew(const ingest::Config& config);
  // From any thread, also from a signal's.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace::fills

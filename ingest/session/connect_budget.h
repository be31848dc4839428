#pragma once

#include <mutex>

#include "ingest/session/rate_window.h"

namespace millrace::ingest {

// How often a venue lets us connect. One object per venue and process, shared by its sessions; callable from any
// thread.
class ConnectBudget {
 public:
  using Nanos = RateWindow::Nanos;

  // At most `connects` attempts in any `window`; connects <= 0: no limit.
  ConnectBudget(int connects, Nanos window) : window_(connects, window) {}

  // Takes a place at monotonic time `now` and returns 0, or takes nothing and returns how long to wait.
  Nanos take(Nanos now) {
    const std::lock_guard lock(mutex_);
    return window_.take(now);
  }

 private:
  std::mutex mutex_;
  RateWindow window_;  // guarded by mutex_
};

}  // namespace millrace::ingest

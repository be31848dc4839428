#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "schemas/events/meta.h"

namespace millrace::ingest {

// The connections of one feed as the metrics' thread sees them. Entries are written by the feed's thread without a
// lock; the list itself changes only when a connection is made or ends.
class ConnectionBoard {
 public:
  // Kept alive by its connection; gone from the list some time after that ended.
  struct Entry {
    std::string name;
    std::atomic<schemas::UnixNanos> open_since{0};  // 0 = not open
    std::atomic<schemas::StreamState> state{schemas::StreamState::kDisconnected};
  };

  // The feed's thread. The name never changes afterwards, so readers need no lock for it.
  std::shared_ptr<Entry> add(std::string name) {
    auto entry = std::make_shared<Entry>();
    entry->name = std::move(name);
    const std::scoped_lock lock(mutex_);
    std::erase_if(entries_, [](const auto& known) { return known.expired(); });
    entries_.push_back(entry);
    return entry;
  }

  // Any thread.
  // Any thread. `visit` must not call the board back: the lock is held.
  template <class Visit>
  void for_each(Visit&& visit) const {
    const std::scoped_lock lock(mutex_);
    for (const auto& known : entries_) {
      if (const auto entry = known.lock()) visit(*entry);
    }
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::weak_ptr<Entry>> entries_;  // guarded by mutex_
};

}  // namespace millrace::ingest

#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "normalize/venue_adapter.h"

namespace millrace::ingest {

// Takes an answer; false: whoever asked is gone, so the next one that asked for the same key gets it.
using RestHandler = std::function<bool(const normalize::RestAnswer& answer)>;

// Requests that wait, in the order asked, and those under way. At most one of a key is in here: a second one joins it.
// Bounded; knows no clock and no socket. Times are monotonic.
class RequestQueue {
 public:
  using Nanos = std::chrono::nanoseconds;

  // One request and all who asked for it; `attempt` counts from 1.
  struct Entry {
    std::string key;
    std::string target;
    int weight = 1;
    Nanos due{0};
    int attempt = 1;
    std::vector<RestHandler> handlers;
  };
  // Joined: one of this key is in here already, and its answer serves both. Refused: at the limit.
  enum class Pushed : std::uint8_t { kQueued, kJoined, kRefused };

  explicit RequestQueue(std::size_t limit) : limit_(limit) {}

  // `due` is the earliest monotonic time to send it. Joining changes neither target nor due time: the entry that is
  // there is asked, also where a later request would have another limit.
  Pushed push(const normalize::RestRequest& request, Nanos due, RestHandler handler);

  // The first waiting entry that is due, in the order asked; null if none. Valid until the next call. Linear in the
  // entries that wait, which are few.
  const Entry* first_due(Nanos now) const;
  // When the next waiting entry is due; empty if none waits.
  std::optional<Nanos> next_due() const;

  // Moves first_due()'s entry to those under way. The reference stays valid until finish() or retry().
  const Entry& begin(const Entry& entry);
  // How often the entry under way was sent, this time included. REQUIRES, as finish() and retry() do, that it is under
  // way.
  int attempt(const std::string& key);
  // The entry under way ended for good: handed out for its handlers.
  Entry finish(const std::string& key);
  // It is to be sent again.
  void retry(const std::string& key, Nanos due);

  std::size_t waiting() const noexcept { return waiting_.size(); }
  std::size_t under_way() const noexcept { return under_way_.size(); }

 private:
  std::list<Entry>::iterator find_under_way(const std::string& key);

  const std::size_t limit_;
  std::list<Entry> waiting_;
  std::list<Entry> under_way_;
};

}  // namespace millrace::ingest

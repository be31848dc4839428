#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "normalize/venue_adapter.h"

namespace millrace::ingest {

// Watches that every subscription of one connection gets its first data: after the deadline it is subscribed again,
// after the second one a stream that must speak (a book, a cadence) asks for a new connection; one that may be quiet
// for hours (a trade stream) is left alone and told once. Reads no clock.
class FirstData {
 public:
  using UnixNanos = schemas::UnixNanos;

  FirstData(std::int64_t deadline_ns, const normalize::Capabilities& capabilities)
      : deadline_ns_(deadline_ns), capabilities_(capabilities) {}

  // Counts from `now`. forget() drops what is not wanted any more; clear() is for a connection that ended.
  void expect(std::span<const normalize::Subscription> subscriptions, UnixNanos now);
  void forget(std::span<const normalize::Subscription> subscriptions);
  void clear() { waiting_.clear(); }

  // What the deadlines ask for; the owner does it. A subscription is in at most one of the lists.
  struct Overdue {
    std::vector<normalize::Subscription> resubscribe;
    std::vector<normalize::Subscription> given_up;
    bool reconnect = false;
  };
  // `spoken` says whether a subscription has had its first data or is on its way to it (SYNCING). Each subscription is
  // reported at most once per list; linear in those that wait, which soon are none.
  Overdue check(UnixNanos now, const std::function<bool(const normalize::Subscription&)>& spoken);

  std::size_t waiting() const noexcept { return waiting_.size(); }

 private:
  struct Waiting {
    normalize::Subscription subscription;
    UnixNanos deadline;
    bool resubscribed = false;
  };

  bool must_speak(normalize::Dataset dataset) const;

  const std::int64_t deadline_ns_;
  const normalize::Capabilities& capabilities_;
  std::vector<Waiting> waiting_;
};

}  // namespace millrace::ingest

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "normalize/account/orders.h"
#include "schemas/events/account.h"
#include "schemas/events/meta.h"

namespace millrace::normalize {

// An order as the account's topic leaves it. known.order has its order_id.
struct ToldOrder {
  KnownOrder known;
  // Of its last report.
  schemas::UnixNanos received = 0;
  std::optional<schemas::UnixNanos> venue_time;
};

// What earlier processes told of an account: what an adapter would know by itself, had it not been made anew.
struct ToldBefore {
  std::vector<ToldOrder> orders;   // open ones, sorted, so that the same topic gives the same requests
  std::vector<std::string> fills;  // event_ids of the fills told last, oldest first
  // Ended ones whose filled quantity is not what their fills make, and of which the venue's own figure (SNAPSHOT) was
  // not told: perhaps their process was about to ask for it. Those told in the last ten minutes of the topic, a
  // thousand at most, oldest first.
  std::vector<ToldOrder> doubtful;
};

// How the orders of one account stand in its execution topic, as a consumer holds them: of an order the latest report
// counts, by epoch and seq, as a dying producer may repeat older ones behind it; what ended has ended; REPLAY is about
// fills and decides no order's state. Bounded. One thread.
class ToldOrders {
 public:
  explicit ToldOrders(std::size_t open_limit = 10'000, std::size_t ended_limit = 10'000)
      : open_limit_(open_limit), ended_limit_(ended_limit) {}

  // A record of the topic, be it one of the other kinds, which say nothing here.
  void add(const schemas::Meta& meta, const schemas::Execution& report);

  ToldBefore before() const;
  // Reports of orders that were not taken in, as so many were open already.
  std::int64_t left_out() const noexcept { return left_out_; }

 private:
  struct Held {
    ToldOrder order;
    std::int64_t epoch = 0, seq = 0;  // of the report that counts
    bool doubtful = false;
  };
  // An order id is one of a kind for its symbol only (Binance).
  using Orders = std::map<std::pair<std::string, std::string>, Held>;

  void remember_fill(const std::string& event_id);
  void end(Orders::iterator at);

  const std::size_t open_limit_;
  const std::size_t ended_limit_;
  Orders orders_;                       // by order id and symbol
  std::deque<Orders::iterator> ended_;  // oldest first
  std::deque<std::string> fills_;       // event_ids, oldest first
  schemas::UnixNanos last_received_ = 0;
  std::int64_t left_out_ = 0;
};

}  // namespace millrace::normalize

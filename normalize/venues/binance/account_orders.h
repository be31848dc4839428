#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "normalize/account/orders.h"
#include "normalize/account/recent_ids.h"
#include "normalize/account/told_orders.h"
#include "normalize/venues/binance/account_report.h"

namespace millrace::normalize::binance {

// The orders of one account: every report and REST row passes through here on its way to the sink, so that nothing is
// told twice, nothing late turns an order back, and a hole in the filled quantities shows. Order ids are one symbol's
// only (sheet, section 7), so orders are known by symbol and id.
class AccountOrders {
 public:
  AccountOrders(std::string_view venue, std::string account) : venue_(venue), account_(std::move(account)) {}

  // See AccountAdapter::restore.
  void restore(const ToldBefore& before);
  std::size_t open_count() const noexcept { return orders_.open_count(); }

  // What became of a report or row.
  struct Outcome {
    bool told = false;
    bool fill_missing = false;  // the order is filled by more than the fills that were told
  };
  // A report of the stream, received then. Repeated ones are dropped as "duplicate". One that is older than what is
  // known of its order is told with the order's present state.
  Outcome on_report(OrderReport report, std::string_view instrument, UnixNanos received, AccountSink& out);
  // A row of REST: origin SNAPSHOT. Left out if the stream has told something newer, and, with `only_changes`, if it
  // says nothing new.
  Outcome on_row(OrderReport row, std::string_view instrument, bool only_changes, UnixNanos received, AccountSink& out);

  struct Key {
    std::string symbol;
    std::string order_id;
  };
  // Orders taken for open that `rows` does not name, sorted, unless the stream spoke of them at or after `since`.
  std::vector<Key> missing(const std::vector<OrderReport>& rows, UnixNanos since) const;
  // The venue says that there is no such order: its end is told as unknown_end(), unless the stream spoke of it at or
  // after `since`, which REST may not know yet. Received at `now`.
  void give_up(const Key& order, std::string_view instrument, UnixNanos since, UnixNanos now, AccountSink& out);

 private:
  struct Seen {
    UnixNanos venue_time = 0;
    UnixNanos received = 0;
  };

  Outcome tell(OrderReport& report, std::string_view instrument, schemas::Origin origin, UnixNanos received,
               AccountSink& out);
  bool is_old(const KnownOrder& known, const std::string& key, const OrderReport& row) const;

  const std::string_view venue_;
  const std::string account_;
  Orders orders_{kEndedOrders};  // by key_of()
  std::unordered_map<std::string, Seen> open_;
  RecentIds told_{kRecentIds};

  // Some 2 MB each when full, which takes an account that trades without pause.
  static constexpr std::size_t kEndedOrders = 2'000;
  static constexpr std::size_t kRecentIds = 10'000;
};

}  // namespace millrace::normalize::binance

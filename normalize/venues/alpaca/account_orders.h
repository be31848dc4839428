#pragma once

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "normalize/account/account_adapter.h"
#include "normalize/account/orders.h"
#include "normalize/account/recent_ids.h"
#include "normalize/account/told_orders.h"
#include "normalize/venues/alpaca/account_messages.h"

namespace millrace::normalize::alpaca {

// The event_id of a fill: equal from trade_updates (order.filled_qty) and activities (cum_qty); whether the ids of the
// two are equal is not known (sheet, 6 and 7).
std::string fill_id(std::string_view venue, std::string_view account, std::string_view order_id,
                    const schemas::WideDecimal& cumulative);

// The orders of one Alpaca account: turns trade updates and REST rows into executions. The venue repeats events with
// the same execution id, also long after the order's end (8).
class AlpacaOrders {
 public:
  AlpacaOrders(std::string venue, std::string account)
      : venue_(std::move(venue)), account_(std::move(account)), told_(kRemembered) {}

  // See AccountAdapter::restore.
  void restore(const ToldBefore& before);
  std::size_t open_count() const noexcept { return orders_.open_count(); }

  // What the caller has to act on.
  struct Outcome {
    bool filled = false;    // balances have changed
    bool mismatch = false;  // the venue knows of more than was told
  };

  Outcome apply(const TradeUpdate& update, AccountSink& out);
  // A row of REST, received at `now`. `first`: of the first list of a connection, which is told even if it says nothing
  // new, and is no evidence against the stream.
  Outcome apply_row(const OrderRow& row, bool first, UnixNanos now, AccountSink& out);
  // REST knows the order no more.
  void apply_gone(const std::string& order_id, UnixNanos now, AccountSink& out);

  std::vector<std::string> open_ids() const { return orders_.open_ids(); }

 private:
  struct Report {
    std::string symbol;
    schemas::Execution execution;
    AccountMeta meta;
  };
  // A fill that may be busted or corrected.
  struct ToldFill {
    std::string event_id;
    std::int32_t revision = 2;  // of the last correction: the first one is the third copy
  };
  // What comes twice comes within moments, or is in the next list of REST.
  static constexpr std::size_t kRemembered = 4'000;
  static constexpr std::size_t kEndedOrders = 1'000;
  static constexpr std::size_t kFills = 2'000;

  static Report report_of(const OrderRow& order);
  Report report_of(const TradeUpdate& update) const;
  Outcome tell_fill(Report report, const schemas::WideDecimal& cumulative, AccountSink& out);
  Outcome tell_legs(const TradeUpdate& update, AccountSink& out);
  bool tell_correction(const TradeUpdate& update, Report report, AccountSink& out);
  void remember(const std::string& execution_id, const std::string& event_id);
  void publish(Report report, UnixNanos id_time, bool snapshot, AccountSink& out);

  const std::string venue_;
  const std::string account_;
  Orders orders_{kEndedOrders};
  RecentIds told_;                // executions by order, event and execution id; fills by event_id
  RecentIds ended_{kRemembered};  // order ids
  std::map<std::string, ToldFill, std::less<>> by_execution_;  // by the venue's execution id
  std::deque<std::string> executions_;                         // its keys, oldest first
};

}  // namespace millrace::normalize::alpaca

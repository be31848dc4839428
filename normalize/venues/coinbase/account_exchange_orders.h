#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "normalize/account/account_adapter.h"
#include "normalize/account/orders.h"
#include "normalize/account/recent_ids.h"
#include "normalize/account/told_orders.h"
#include "normalize/venues/coinbase/account_exchange_messages.h"

namespace millrace::normalize::coinbase {

// The event_id of a fill: equal from the user channel and GET /fills (sheet, 7: product, trade and order).
std::string exchange_fill_id(std::string_view venue, std::string_view account, std::string_view order_id,
                             std::string_view product, std::int64_t trade_id);

// The orders of one account of Coinbase Exchange: turns messages and REST rows into executions. The user channel tells
// matches and what remains, so that filled quantities are sums; a sum that falls short of the venue's own figure shows
// a lost match.
class ExchangeOrders {
 public:
  ExchangeOrders(std::string venue, std::string account)
      : venue_(std::move(venue)), account_(std::move(account)), told_(kRemembered) {}

  // What the caller has to act on.
  struct Outcome {
    bool filled = false;    // balances have changed
    bool mismatch = false;  // the venue knows of more than was told
    std::string doubtful;   // an order of which messages were lost: REST knows how it stands
  };

  // `now`: when it was received.
  Outcome apply(const UserMessage& message, UnixNanos now, AccountSink& out);
  // See AccountAdapter::restore.
  void restore(const ToldBefore& before);
  std::size_t open_count() const noexcept { return orders_.open_count(); }
  // A row of REST, received at `now`. `first`: of the first list of a connection, which is told even if it says nothing
  // new, and is no evidence against the stream.
  Outcome apply_row(const OrderRow& row, bool first, UnixNanos now, AccountSink& out);
  // REST knows the order no more: cancelled without a fill (6).
  void apply_gone(const std::string& order_id, UnixNanos now, AccountSink& out);

  std::vector<std::string> open_ids() const { return orders_.open_ids(); }
  bool is_open(std::string_view order_id) const;

 private:
  struct Report {
    std::string symbol;
    schemas::Execution execution;
    AccountMeta meta;
  };
  // What comes twice comes within moments, or is in the next list of REST.
  static constexpr std::size_t kRemembered = 4'000;
  static constexpr std::size_t kEndedOrders = 1'000;

  static Report report_of(const UserMessage& message);
  bool is_repeated(const UserMessage& message);
  // A later one about the same order came before it.
  bool is_overtaken(const UserMessage& message);
  void keep_ahead(schemas::Execution& report) const;
  Outcome apply_match(const UserMessage& message, UnixNanos now, AccountSink& out);
  void tell_fill(const UserMessage& message, bool maker, UnixNanos now, Outcome& outcome, AccountSink& out);
  bool adopt_remaining(const UserMessage& message, schemas::Execution& execution) const;
  bool apply_open(const UserMessage& message, Report& report) const;
  bool apply_done(const UserMessage& message, Report& report) const;
  void apply_change(const UserMessage& message, Report& report) const;
  // What the sum of fills makes of an order, without a word of the venue. False: it may be wrong.
  bool add_up(schemas::Execution& fill, UnixNanos now) const;
  bool is_corrected(const OrderRow& row) const;
  void publish(Report report, UnixNanos id_time, bool snapshot, AccountSink& out);

  const std::string venue_;
  const std::string account_;
  Orders orders_{kEndedOrders};
  RecentIds told_;                // fills by event_id, other messages by order and sequence
  RecentIds ended_{kRemembered};  // order ids
  // When a row of REST last told of more than the matches of an order. Those of the last half minute count.
  std::unordered_map<std::string, UnixNanos> raised_;
  // The highest sequence of an order's messages but matches; of ended ones until there are kRemembered.
  std::unordered_map<std::string, std::int64_t> sequences_;
};

}  // namespace millrace::normalize::coinbase

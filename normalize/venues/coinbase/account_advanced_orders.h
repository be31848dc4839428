#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "normalize/account/account_adapter.h"
#include "normalize/account/orders.h"
#include "normalize/account/recent_ids.h"
#include "normalize/account/told_orders.h"
#include "normalize/venues/coinbase/account_advanced_messages.h"

namespace millrace::normalize::coinbase {

// The orders of one account of Coinbase Advanced. The user channel tells how an order stands, never its fills, so what
// is published is order states alone: a fill comes from REST, by its entry id. The venue repeats itself, after
// reconnects among others (sheet, 8): what says nothing new is dropped.
class AdvancedOrders {
 public:
  AdvancedOrders(std::string venue, std::string account) : venue_(std::move(venue)), account_(std::move(account)) {}

  // See AccountAdapter::restore.
  void restore(const ToldBefore& before);
  std::size_t open_count() const noexcept { return orders_.open_count(); }

  // Where a report comes from.
  struct Source {
    schemas::Origin origin = schemas::Origin::kLive;
    UnixNanos received = 0;
    std::optional<UnixNanos> sent;  // the venue's clock
    bool bad_time = false;
    bool tell_all = false;  // also what says nothing new
    bool first = false;     // nothing was known before: orders that are new to us are no evidence of a loss
  };
  // True: more is filled than was known, and REST has the fills.
  bool apply(const AdvancedOrder& order, const Source& source, AccountSink& out);
  // REST knows the order no more.
  void apply_gone(const std::string& order_id, UnixNanos now, AccountSink& out);

  std::vector<std::string> open_ids() const { return orders_.open_ids(); }

 private:
  void publish(std::string symbol, schemas::Execution execution, const Source& source, AccountSink& out);

  const std::string venue_;
  const std::string account_;
  // What comes twice comes within moments, or is in the next list of REST.
  Orders orders_{1'000};
  RecentIds ended_{4'000};  // order ids
};

}  // namespace millrace::normalize::coinbase

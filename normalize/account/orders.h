#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "schemas/events/account.h"

namespace millrace::normalize {

// What is known of one order.
struct KnownOrder {
  std::string symbol;
  std::string instrument;
  schemas::Execution order;  // the order's fields of the last report; those of single fills are empty
  bool ended = false;        // filled, cancelled, rejected, expired: nothing more should come
};

// The orders of one account by the venue's order id. Several venues tell an order's symbol, side and quantities once
// and only changes afterwards; here a sparse report becomes a whole one. Open orders are kept, as they are bounded by
// the venue; of ended ones the last `ended_limit`, since reports come late and twice.
class Orders {
 public:
  explicit Orders(std::size_t ended_limit = 10'000) : ended_limit_(ended_limit) {}

  // Fills in what `report` (with its symbol and instrument) leaves out from what is known of its order, and remembers
  // what it says. The first report of an order that is neither its beginning nor a snapshot marks the order as unseen.
  // Leaves quantity is computed where quantity and cumulative quantity are known and the venue sends none.
  void complete(std::string& symbol, std::string& instrument, schemas::Execution& report, bool snapshot = false);

  // Takes in what was known before this object was made; an order that is known already stays as it is.
  void restore(const std::string& order_id, const KnownOrder& known) {
    if (orders_.try_emplace(order_id, known).second && known.ended) end(order_id);
  }

  const KnownOrder* find(std::string_view order_id) const;
  // Ids of the orders that have not ended, for what a snapshot no longer names.
  std::vector<std::string> open_ids() const;
  std::size_t size() const noexcept { return orders_.size(); }
  std::size_t open_count() const noexcept { return orders_.size() - ended_.size(); }

 private:
  void end(const std::string& order_id);

  const std::size_t ended_limit_;
  std::unordered_map<std::string, KnownOrder> orders_;
  std::deque<std::string> ended_;  // oldest first
};

// What `report` says of its order goes into `held`; what it leaves out comes from there. Not its kind, nor what single
// fills have.
void carry_order_fields(schemas::Execution& report, schemas::Execution& held);

// Has an order in this state ended?
bool is_final(schemas::OrderStatus status) noexcept;

// The `reason` of unknown_end().
inline constexpr std::string_view kUnknownToVenue = "unknown_to_venue";

// What is told of an order that was open and that the venue knows no more: it is off the book, and nobody says how it
// ended. STATUS and CANCELLED, with the filled quantity as last told, and this reason. An adapter that REST may lag
// behind asks twice before.
schemas::Execution unknown_end(std::string_view venue, std::string_view account, const std::string& order_id,
                               const KnownOrder& known);

// "venue/account/order/rest": the deterministic id of an event; see Execution::event_id. `rest` is what the venue's
// sheet (section 7) says makes a fill or a report one of a kind.
std::string event_id(std::string_view venue, std::string_view account, std::string_view order_id,
                     std::string_view rest);
// The `rest` of an order's state, which has no REST twin: kind, venue time, cumulative quantity.
std::string state_id(const schemas::Execution& report, schemas::UnixNanos venue_time);

}  // namespace millrace::normalize

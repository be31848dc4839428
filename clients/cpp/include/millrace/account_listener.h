#pragma once

#include "millrace/events.h"

namespace millrace {

// What a consumer implements. All calls come from one thread that belongs to this listener alone, one after the other,
// in the order of the topic of each account; the arguments live until the call returns. A call may throw: it is logged,
// the event told again after a pause, and parked in the dead-letter topic after the last try. A call that takes longer
// than the deadline makes the listener hung: its event and those that follow are parked until it returns.
class AccountListener {
 public:
  virtual ~AccountListener() = default;

  // A fill. Each is told by exactly one of these two calls, and once: by on_filled if its own record shows that the
  // order is complete (order_complete), else by on_partially_filled. Some venues do not say it with the fill, and fills
  // read back over REST often do not: then the fill is told by on_partially_filled, and the end of the order, if the
  // venue tells it, by on_order with status kFilled.
  virtual void on_filled(const Execution& fill) = 0;
  virtual void on_partially_filled(const Execution& fill) = 0;

  // A fill of before has another content: more fields (kTrade, revision 2), other numbers (kTradeCorrection) or it
  // never was (kTradeCancel). `fill.event_id` says which one. Never a new fill.
  virtual void on_corrected(const Execution& /*fill*/) {}

  // Once an order, whether it was told as it happened or found later.
  virtual void on_cancelled(const Execution& /*order*/) {}
  virtual void on_rejected(const Execution& /*order*/) {}
  // Everything else that is known of orders and the account: `kind` and `status` say what. New, replaced and expired
  // orders, states asked for, and what is no fill: liquidations, funding, fees, transfers.
  virtual void on_order(const Execution& /*order*/) {}

  // The latest state of one asset. Late and repeated ones are not told.
  virtual void on_balance(const Balance& /*balance*/) {}

  // The private streams of the account are live, or no longer. The present state is told after start, then changes.
  virtual void on_connected(const Connection& /*connection*/) {}
  virtual void on_disconnected(const Connection& /*connection*/) {}

  // A sweep has shown that no fill is missing up to its watermark. The last one known is told after start.
  virtual void on_recovered(const Recovered& /*recovered*/) {}

  virtual void on_error(const AccountError& /*error*/) {}
};

}  // namespace millrace

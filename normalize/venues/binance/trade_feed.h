#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "normalize/venues/binance/feed_context.h"

namespace millrace::normalize::binance {

// One instrument's trades of one kind (trade or trade-agg). Ids rise by one per symbol: a hole is a loss, also across a
// reconnect; an id that was there is the other connection's, and what one of two connections left out is waited for
// from the other. Lives in the Venue.
class TradeFeed {
 public:
  // A trade whose numbers were checked. Publishes it, drops it as a duplicate, or holds it until what is missing before
  // it has come, for half a second at most.
  void on_trade(const TradeMessage& trade, StreamKey stream, FeedContext& context);
  // Declares what did not come in time; returns when to look next.
  std::optional<UnixNanos> on_time(StreamKey stream, FeedContext& context);
  // No connection feeds it any more: nothing can come before what waits.
  void on_lost(StreamKey stream, FeedContext& context);

 private:
  struct Held {
    EventMeta meta;
    schemas::Trade body;
    std::string trade_id, order_type;  // what the body's texts are views of
    UnixNanos time = 0;
  };

  void hold(const TradeMessage& trade, UnixNanos time, EventMeta meta, FeedContext& context);
  // Everything up to this id, its holes declared, and then what follows without one.
  void release(std::int64_t up_to, StreamKey stream, FeedContext& context);
  void publish(std::int64_t id, UnixNanos time, const EventMeta& meta, const schemas::Trade& body, StreamKey stream,
               FeedContext& context);

  std::optional<std::int64_t> last_;   // id
  UnixNanos last_time_ = 0;            // venue time of it, ns
  std::map<std::int64_t, Held> held_;  // by id, beyond a hole; at most kMostTradesBeyondHole
  std::optional<UnixNanos> hole_until_;
};

}  // namespace millrace::normalize::binance

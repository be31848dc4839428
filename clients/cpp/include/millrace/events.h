#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What a listener is told. Plain values that own what they hold: a callback may copy and keep them. Numbers are exact,
// nothing here is ever a floating point number.
namespace millrace {

// Nanoseconds since 1970-01-01 UTC.
using UnixNanos = std::int64_t;

// An exact decimal number.
struct Decimal {
  std::string text;           // "0.00500": the digits that the venue sent
  bool fits = true;           // false: more digits than 64 bits hold, and only `text` has the number
  std::int64_t mantissa = 0;  // if it fits, the number is mantissa * 10^exponent
  std::int32_t exponent = 0;

  friend bool operator==(const Decimal&, const Decimal&) = default;
};

enum class Side : std::uint8_t { kUnspecified, kBuy, kSell };
// Whether the account's order rested in the book or took from it.
enum class Liquidity : std::uint8_t { kUnspecified, kMaker, kTaker };
// How it is known: pushed as it happened, asked for (state at the beginning of a connection), or read back later over
// REST because the stream had not told it. kHistory occurs only in replays under another topic prefix.
enum class Origin : std::uint8_t { kUnspecified, kLive, kSnapshot, kReplay, kHistory };

// What one report about an order or an account says. Only kTrade is a fill.
enum class ExecutionKind : std::uint8_t {
  kUnspecified,
  kPendingNew,
  kNew,
  kTrade,   // a fill: last_quantity at last_price
  kStatus,  // the order's state, told again or asked for
  kReplaced,
  kPendingCancel,
  kCancelled,
  kRejected,
  kExpired,
  kTradeCorrection,  // an earlier fill has other numbers: these
  kTradeCancel,      // an earlier fill never was
  kLiquidation,      // the position changed without an order of the account
  kAdl,              // the same, by auto-deleveraging
  kFunding,          // money only, as kFee and kTransfer
  kFee,
  kTransfer
};

// The order after the report; kUnspecified: the venue does not say.
enum class OrderStatus : std::uint8_t {
  kUnspecified,
  kPendingNew,
  kNew,
  kPartiallyFilled,
  kFilled,
  kPendingCancel,
  kCancelled,
  kReplaced,
  kRejected,
  kExpired
};

// kSnapshot and kChange hold absolute values, kDelta only what was added or taken.
enum class BalanceKind : std::uint8_t { kUnspecified, kSnapshot, kChange, kDelta };

// The words of the schema: "TRADE", "BUY". Static life.
std::string_view name(Side value) noexcept;
std::string_view name(Liquidity value) noexcept;
std::string_view name(Origin value) noexcept;
std::string_view name(ExecutionKind value) noexcept;
std::string_view name(OrderStatus value) noexcept;
std::string_view name(BalanceKind value) noexcept;

// Where a record stands in Kafka.
struct Position {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
};

// Of which stream a record is, when it happened, and where it came from.
struct Meta {
  std::string venue;       // "kraken", "binance-usdm"
  std::string account;     // the configured name, not the venue's number
  std::string symbol;      // the venue's spelling; empty for what concerns no instrument
  std::string instrument;  // the common spelling: "BTC-USD"
  Origin origin = Origin::kUnspecified;
  std::optional<UnixNanos> venue_time;    // by the venue's clock; absent if not sent
  UnixNanos receive_time = 0;             // when the venue's bytes arrived
  std::optional<UnixNanos> publish_time;  // when the record was handed to Kafka
  std::int64_t epoch = 0;                 // the writer, rising; and the record's number under it
  std::int64_t seq = 0;
  Position position;
};

// One report about an order or a fill. Quantities in base units or contracts, prices in quote units a base unit; absent
// = not known.
struct Execution {
  Meta meta;
  ExecutionKind kind = ExecutionKind::kUnspecified;
  OrderStatus status = OrderStatus::kUnspecified;
  // Is nothing more of the order left to be filled? Absent: this report does not show it. Of a fill, true is what makes
  // it on_filled.
  std::optional<bool> order_complete;
  std::string event_id;  // the same for the same event, however often and by whichever way it is told
  std::int32_t revision = 1;
  std::string order_id;
  std::string client_order_id;
  std::string execution_id;  // the venue's id of this report or fill, as sent
  Side side = Side::kUnspecified;
  std::string order_type;     // as sent
  std::string time_in_force;  // as sent
  std::optional<Decimal> price, stop_price, quantity;
  std::optional<Decimal> last_price, last_quantity;  // of this fill
  std::optional<Decimal> cumulative_quantity, leaves_quantity, average_price;
  std::optional<Decimal> fee;  // of this fill; positive = paid
  std::string fee_asset;
  Liquidity liquidity = Liquidity::kUnspecified;
  std::string reason;         // why it was cancelled, rejected, expired, replaced: as sent
  bool unseen_order = false;  // the stream never told how this order began: placed elsewhere, or earlier
};

// One asset of an account, in its own units. Absent = not sent: several venues tell only one of the three.
struct Balance {
  Meta meta;  // symbol and instrument are empty
  BalanceKind kind = BalanceKind::kUnspecified;
  std::string asset;   // the venue's spelling
  std::string wallet;  // the part of the account that is meant; empty = all of it
  std::optional<Decimal> total, available, locked;
  std::optional<Decimal> change, fee;  // what the event added, negative if taken
  std::string cause;                   // "trade", "deposit", "transfer" ...: as sent
  std::string event_id;                // empty where the venue gives none
};

// Whether an account's private streams bring what happens at once.
struct Connection {
  std::string venue;
  std::string account;
  // Of the stream that decides: "LIVE", "BACKING_OFF", "HALTED" ...; or "SILENT": its worker is not heard any more.
  std::string state;
  std::string reason;  // a short fixed word
  std::string detail;  // for people
  UnixNanos time = 0;  // when it became so
};

// Every fill of `symbols` with a venue time up to and including `watermark` is in the topic, and what this program had
// subscribed to of it was handed over before this was.
struct Recovered {
  std::string venue;
  std::string account;
  std::vector<std::string> symbols;  // the venue's spelling; none = the whole account
  UnixNanos watermark = 0;           // the venue's clock
  std::int64_t fills_missing = 0;    // how many fills this sweep found that the stream had not told
  std::int64_t late_fills = 0;       // of these, below an earlier watermark: that one had promised too much
  std::string trigger;               // what made the sweep: "start", "reconnect", "timer" ...
  UnixNanos time = 0;                // when it ended
};

// What is wrong with an account's data or with their delivery. `reason` is one of
//   "gap"              the stream lost something: until the next on_recovered fills may be missing
//   "halted"           the stream stopped and will not try again before something outside changes
//   "recovery_failed"  a sweep failed: the watermark stays where it is
//   "undecodable"      a record could not be read; it is in the dead-letter topic
//   "parked"           records of this listener are in the dead-letter topic, as it hung or was too slow
//   "consumer"         reading has ended for good: start a new Listener
struct AccountError {
  std::string venue;    // empty where it concerns no venue
  std::string account;  // empty where it concerns no account
  std::string reason;
  std::string detail;  // for people
};

}  // namespace millrace

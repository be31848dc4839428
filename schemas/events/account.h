#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/events/decimal.h"
#include "schemas/events/meta.h"

// Bodies of account events: what happened to an account's orders and assets, and the sidecar's proof that nothing is
// missing. Rare beside market data, so they own what they hold, and every number keeps the digits that the venue sent.
namespace millrace::schemas {

// What one report says. Only kTrade is a fill; kLiquidation and kAdl change the position without an order of ours and
// are told apart from it, kFunding, kFee and kTransfer move money only.
enum class ExecutionKind : std::uint8_t {
  kUnspecified,
  kPendingNew,  // on its way to the book
  kNew,         // accepted
  kTrade,       // a fill: last_quantity at last_price
  kStatus,      // the order's state, told again or asked for; nothing happened
  kReplaced,    // price or quantity changed, by us or by the venue
  kPendingCancel,
  kCancelled,
  kRejected,
  kExpired,
  kTradeCorrection,  // an earlier fill has other numbers: these
  kTradeCancel,      // an earlier fill never was: busted
  kLiquidation,
  kAdl,  // auto-deleveraging
  kFunding,
  kFee,
  kTransfer
};

// The order after the report.
enum class OrderStatus : std::uint8_t {
  kUnspecified,  // the venue does not say
  kPendingNew,
  kNew,
  kPartiallyFilled,
  kFilled,
  kPendingCancel,
  kCancelled,
  kReplaced,  // goes on under another order id
  kRejected,
  kExpired
};

// Which side of the trade the account's order was.
enum class Liquidity : std::uint8_t { kUnspecified, kMaker, kTaker };

// One report about an order or a fill. Quantities in base units or contracts, prices in quote units a base unit; absent
// = the venue did not say and nothing before it did. Order fields that a sparse update leaves out are filled in from
// what the stream said earlier.
struct Execution {
  ExecutionKind kind = ExecutionKind::kUnspecified;
  OrderStatus status = OrderStatus::kUnspecified;
  // The consumer's dedupe key: the same for the same fill from WebSocket and REST, never random. See revision.
  std::string event_id;
  // 1: the stream's, or the first copy known. 2: a richer copy from REST. From 3: corrections by the venue. A higher
  // revision of an event_id replaces the lower one and is never a second fill.
  std::int32_t revision = 1;
  std::string order_id;
  std::string client_order_id;
  std::string execution_id;  // the venue's id of this report or fill, as sent
  Side side = Side::kUnspecified;
  std::string order_type;     // as sent
  std::string time_in_force;  // as sent
  std::optional<WideDecimal> price, stop_price, quantity;
  std::optional<WideDecimal> last_price, last_quantity;  // of this fill
  std::optional<WideDecimal> cumulative_quantity, leaves_quantity, average_price;
  // Positive = paid. Of this fill; an order's total is the consumer's sum.
  std::optional<WideDecimal> fee;
  std::string fee_asset;
  Liquidity liquidity = Liquidity::kUnspecified;
  std::string reason;  // why it was cancelled, rejected, expired, replaced: as sent
  // The stream never told how this order began: it was placed before we listened, or elsewhere.
  bool unseen_order = false;
};

// kSnapshot and kChange hold absolute values after the event; kDelta only what was added or taken.
enum class BalanceKind : std::uint8_t { kUnspecified, kSnapshot, kChange, kDelta };

// One asset of an account, in its own units. Absent = not sent: several venues tell only one of the three.
struct Balance {
  BalanceKind kind = BalanceKind::kUnspecified;
  std::string asset;   // the venue's spelling
  std::string wallet;  // the part of the account that is meant, as the venue names it ("spot/main"); empty = all of it
  std::optional<WideDecimal> total, available, locked;
  std::optional<WideDecimal> change, fee;  // what the event added, negative if taken
  std::string cause;                       // "trade", "deposit", "transfer"...: as sent
  std::string event_id;                    // dedupe key; empty where the venue gives none: the latest one holds
};

enum class RecoveryPhase : std::uint8_t { kUnspecified, kStarted, kCompleted, kFailed };

// One sweep of the sidecar. "Complete through `watermark`" is about `symbols` (the venue's spelling; empty = the whole
// account) and about fills only.
struct Recovery {
  RecoveryPhase phase = RecoveryPhase::kUnspecified;
  std::int64_t instance = 0;  // of the sidecar: rises with each start
  std::int64_t sweep = 0;     // from 1 inside an instance
  std::string trigger;        // "start", "reconnect", "timer", "deep", "hand" ...: a fixed word
  std::vector<std::string> symbols;
  UnixNanos from = 0;  // the venue's time that was swept, both ends inclusive
  UnixNanos to = 0;
  // Every fill up to and including it is in the topic. Absent while there is none.
  std::optional<UnixNanos> watermark;
  std::int64_t requests = 0;
  std::int64_t fills_read = 0;
  std::int64_t fills_missing = 0;  // of these, not in the topic before: published as REPLAY
  std::int64_t fills_richer = 0;   // known, and published again as the next revision
  std::int64_t late_fills = 0;     // of the missing ones, below an earlier watermark: watermark_violated
  std::string error;               // kFailed: why, for people
};

// Where one scope of a cursor stands.
struct CursorScope {
  std::string symbol;              // the venue's spelling; empty = the whole account
  UnixNanos complete_through = 0;  // the venue's time: no sweep needs to look before it, but for the overlap

  friend bool operator==(const CursorScope&, const CursorScope&) = default;
};

// The sidecar's memory, in a compacted topic. No Meta.
struct Cursor {
  std::string venue;
  std::string account;
  std::string name;           // "fills"
  std::int64_t instance = 0;  // the sidecar that wrote it; a higher one has taken over
  std::string worker;
  UnixNanos time = 0;  // when it was written, our clock
  std::vector<CursorScope> scopes;
};

// As name(BookKind) in market.h.
std::string_view name(ExecutionKind kind) noexcept;
std::string_view name(OrderStatus status) noexcept;
std::string_view name(Liquidity liquidity) noexcept;
std::string_view name(BalanceKind kind) noexcept;
std::string_view name(RecoveryPhase phase) noexcept;

}  // namespace millrace::schemas

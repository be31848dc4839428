#pragma once

#include <optional>
#include <string>
#include <vector>

#include "normalize/account/account_adapter.h"
#include "normalize/json/json_tree.h"
#include "normalize/venues/coinbase/account_balances.h"

// What Coinbase Advanced says about an account, in the venue's own words: the user channel (sheet, 5.2) and REST (6).
// Errors of all readers: kBadJson, kMissingField, kWrongType, kBadNumber, kBadTime.
namespace millrace::normalize::coinbase {

// An order as the user channel and GET /orders/historical/... tell it: cumulative, without its fills.
struct AdvancedOrder {
  std::string id, client_order_id, product, type, time_in_force, reason;
  schemas::Side side = schemas::Side::kUnspecified;
  schemas::OrderStatus status = schemas::OrderStatus::kUnspecified;
  schemas::WideDecimal filled;
  // `quantity` is known where the order was placed in base units and has not ended.
  std::optional<schemas::WideDecimal> quantity, price, stop_price, average;
};

// {"channel":"user","timestamp":"...","sequence_num":0,"events":[{"type":"snapshot","orders":[...]}]}
struct UserEvent {
  bool snapshot = false;
  std::vector<AdvancedOrder> orders;
};
struct AdvancedMessage {
  std::string channel;
  std::optional<std::int64_t> sequence;
  std::optional<UnixNanos> sent;
  bool bad_time = false;
  std::vector<UserEvent> events;  // of channel "user"
  bool lists_user = false;        // channel "subscriptions": the user channel is among them
};
Result<AdvancedMessage> read_advanced(const JsonNode& node);

// {"order":{...}}
Result<AdvancedOrder> read_advanced_order(const JsonNode& answer);

// {"orders":[...],"has_next":false,"cursor":""}
struct AdvancedOrderPage {
  std::vector<AdvancedOrder> rows;
  std::string cursor;  // empty: the last page
};
Result<AdvancedOrderPage> read_advanced_orders(const JsonNode& answer);

enum class TradeType : std::uint8_t { kFill, kReversal, kCorrection };
// A row of GET /orders/historical/fills.
struct AdvancedFill {
  std::string entry_id, trade_id, order_id, product;
  TradeType type = TradeType::kFill;
  schemas::Side side = schemas::Side::kUnspecified;
  schemas::Liquidity liquidity = schemas::Liquidity::kUnspecified;
  schemas::WideDecimal price, size;
  bool size_in_quote = false;
  std::optional<schemas::WideDecimal> commission;
  UnixNanos time = 0;
};
struct AdvancedFills {
  std::vector<AdvancedFill> rows;
  std::string cursor;  // empty: the last page
};
Result<AdvancedFills> read_advanced_fills(const JsonNode& answer);

struct AdvancedAccounts {
  std::vector<BalanceRow> rows;
  std::string cursor;  // empty: the last page
};
Result<AdvancedAccounts> read_advanced_accounts(const JsonNode& answer);

}  // namespace millrace::normalize::coinbase

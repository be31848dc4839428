#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "normalize/account/account_adapter.h"
#include "normalize/json/json_tree.h"

// What Alpaca says about an account, in the venue's own words: the trading stream (sheet, 5) and the rows of its REST
// answers (6). Errors of all readers: kBadJson, kMissingField, kWrongType, kBadNumber, kBadTime.
namespace millrace::normalize::alpaca {

// The order object: the same in the stream and from REST.
struct OrderRow {
  std::string id, client_order_id, symbol, type, time_in_force;
  std::string replaced_by, replaces;
  std::string submitted_at;  // as sent: the cursor of lists
  schemas::Side side = schemas::Side::kUnspecified;
  schemas::OrderStatus status = schemas::OrderStatus::kUnspecified;
  std::optional<schemas::WideDecimal> quantity, price, stop_price, average;
  schemas::WideDecimal filled;
  std::optional<UnixNanos> updated_at;
  std::vector<OrderRow> legs;
};
// `symbol` may be empty for the parent of an options order with legs.
Result<OrderRow> read_order(const JsonNode& node, std::string place);

// One leg's part of a fill of an options order.
struct LegFill {
  std::string order_id, execution_id, symbol;
  schemas::WideDecimal price, quantity;
  std::optional<UnixNanos> time;
};

// {"stream":"trade_updates","data":{...}}
struct TradeUpdate {
  schemas::ExecutionKind kind = schemas::ExecutionKind::kUnspecified;
  schemas::OrderStatus status = schemas::OrderStatus::kUnspecified;  // after it
  std::string event;
  std::string execution_id, previous_execution_id, reason;
  std::optional<schemas::WideDecimal> price, quantity;  // of this fill
  std::optional<UnixNanos> time;
  bool bad_time = false;
  OrderRow order;
  std::vector<LegFill> legs;
};
// kWrongType also for an event or a status that the sheet does not name: what becomes of an order is never guessed.
Result<TradeUpdate> read_update(const JsonNode& data);

// A row of GET /v2/account/activities/FILL.
struct FillRow {
  std::string id, order_id, symbol;
  schemas::Side side = schemas::Side::kUnspecified;
  schemas::OrderStatus status = schemas::OrderStatus::kUnspecified;
  schemas::WideDecimal price, quantity, cumulative;
  std::optional<schemas::WideDecimal> leaves;
  UnixNanos time = 0;
  bool busted = false;
};
Result<FillRow> read_fill(const JsonNode& node, std::string place);

// "BTCUSD" -> "BTC": positions spell crypto by its dollar pair, without the slash (2). From GET /v2/assets.
using AssetNames = std::map<std::string, std::string, std::less<>>;
Result<AssetNames> read_assets(const JsonNode& list);

// What the account holds of one asset: of GET /v2/account (cash) and of a row of GET /v2/positions.
struct Holding {
  std::string asset;
  schemas::WideDecimal total;
  std::optional<schemas::WideDecimal> available;
};
Result<Holding> read_account(const JsonNode& node);
Result<Holding> read_position(const JsonNode& node, std::string place);

// All rows of an answer that is an array; `name` begins the place of errors ("orders[3].qty").
template <class Row>
Result<std::vector<Row>> read_rows(const JsonNode& list, std::string_view name,
                                   Result<Row> (*read)(const JsonNode&, std::string)) {
  if (list.type != JsonNode::Type::kArray) return Error{Errc::kWrongType, std::string(name)};
  std::vector<Row> rows;
  for (const JsonNode& node : list.children) {
    auto row = read(node, std::string(name) + "[" + std::to_string(rows.size()) + "]");
    if (!row) return row.error();
    rows.push_back(std::move(*row));
  }
  return rows;
}

// "BTC/USD" is BTC-USD, a stock is quoted in dollars (2): AAPL-USD, BRK.B-USD. Empty for what tells neither: options,
// and pairs without a slash of old payloads.
std::string instrument_of(std::string_view symbol);

}  // namespace millrace::normalize::alpaca

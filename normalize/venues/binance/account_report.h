#pragma once

#include <optional>
#include <string>
#include <vector>

#include "normalize/account/account_adapter.h"
#include "normalize/json/json_tree.h"

// What Binance's private messages and REST rows say, each in one struct, before anything is known of the account
// (sheet, sections 5 to 7). Pure readers: whole or an error with its place. Errors: kMissingField, kWrongType (also a
// word of an order that is not in the sheet), kBadNumber.
namespace millrace::normalize::binance {

// When, as sent.
struct ReportTime {
  std::optional<UnixNanos> happened;
  std::optional<UnixNanos> sent;
  bool bad = false;  // there was one and it is no time
};

// One report about an order.
struct OrderReport {
  std::string symbol;
  schemas::Execution body;  // event_id is empty
  std::string id;           // what makes it one of a kind beside venue, account and order (section 7)
  ReportTime time;
};
Result<OrderReport> read_execution_report(const JsonNode& event);    // spot, 5.1
Result<OrderReport> read_order_trade_update(const JsonNode& event);  // USD-M, 5.2
// openOrders and order, spot and USD-M: kind kStatus, or how the order ended.
Result<OrderReport> read_order_row(const JsonNode& row, std::string place);

// One asset.
struct BalanceReport {
  schemas::Balance body;  // event_id: only what makes it one of a kind
  ReportTime time;
};
Result<std::vector<BalanceReport>> read_account_position(const JsonNode& event);  // outboundAccountPosition
Result<std::vector<BalanceReport>> read_account_update(const JsonNode& event);    // ACCOUNT_UPDATE
Result<std::vector<BalanceReport>> read_balance_delta(const JsonNode& event);     // balanceUpdate, externalLockUpdate
Result<std::vector<BalanceReport>> read_spot_account(const JsonNode& answer);     // GET /api/v3/account
Result<std::vector<BalanceReport>> read_futures_balance(const JsonNode& answer);  // GET /fapi/v3/balance

// One row of myTrades or userTrades: kind kTrade.
struct FillRow {
  std::string symbol;
  schemas::Execution body;  // event_id is empty
  std::string id;           // as of the stream's report
  std::int64_t trade_id = 0;
  UnixNanos time = 0;
};
// Besides the errors above: kBadTime.
Result<FillRow> read_fill_row(const JsonNode& row, std::string place);

}  // namespace millrace::normalize::binance

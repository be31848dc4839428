#pragma once

#include <optional>
#include <string>
#include <vector>

#include "normalize/account/account_adapter.h"
#include "normalize/json/json_tree.h"
#include "normalize/venues/coinbase/account_balances.h"

// What Coinbase Exchange says about an account, in the venue's own words: messages of the user and balance channels
// (sheet, 5.1) and rows of its REST answers (6). Errors of all readers: kBadJson, kMissingField, kWrongType,
// kBadNumber.
namespace millrace::normalize::coinbase {

// A message of the user channel. Which of the members it has depends on the type.
struct UserMessage {
  enum class Type : std::uint8_t { kReceived, kOpen, kMatch, kDone, kChange, kActivate };
  Type type = Type::kReceived;
  std::string product;
  std::string order_id;  // all but kMatch
  std::string client_order_id;
  std::string order_type;
  std::string reason, cancel_reason;
  schemas::Side side = schemas::Side::kUnspecified;  // of kMatch: the maker's
  std::optional<std::int64_t> sequence;
  std::optional<UnixNanos> time;
  bool bad_time = false;
  std::optional<schemas::WideDecimal> price, size, remaining, new_price, new_size, stop_price;

  // kMatch only. The two roles say whether, and on which side, the login takes part; "user_id" alone does not: recorded
  // public matches have it.
  std::int64_t trade_id = 0;
  std::string maker_order_id, taker_order_id;
  std::optional<schemas::WideDecimal> maker_fee_rate, taker_fee_rate;
  bool is_maker = false, is_taker = false;
};
// Empty: not a message of the user channel.
std::optional<UserMessage::Type> user_type(std::string_view word);
Result<UserMessage> read_user(const JsonNode& node, UserMessage::Type type);

// {"type":"balance",...}
Result<BalanceRow> read_balance(const JsonNode& node);

// A row of GET /orders and the answer of GET /orders/{id}.
struct OrderRow {
  std::string id, product;
  std::string client_order_id, type, time_in_force, done_reason;
  schemas::Side side = schemas::Side::kUnspecified;
  schemas::OrderStatus status = schemas::OrderStatus::kUnspecified;
  std::optional<schemas::WideDecimal> price, stop_price, size;
  schemas::WideDecimal filled;
  std::optional<UnixNanos> created_at, done_at;
};
Result<OrderRow> read_order(const JsonNode& node, std::string place);

// A row of GET /fills.
struct FillRow {
  std::string product, order_id;
  std::int64_t trade_id = 0;
  schemas::Side side = schemas::Side::kUnspecified;  // ours
  schemas::Liquidity liquidity = schemas::Liquidity::kUnspecified;
  schemas::WideDecimal price, size;
  std::optional<schemas::WideDecimal> fee;
  UnixNanos time = 0;
};
Result<FillRow> read_fill(const JsonNode& node, std::string place);

// A row of GET /accounts.
Result<BalanceRow> read_account(const JsonNode& node, std::string place);

// All rows of an answer that is an array; `name` begins the place of errors ("fills[3].size").
template <class Row>
Result<std::vector<Row>> read_rows(JsonParser& parser, std::string_view body, std::string_view name,
                                   Result<Row> (*read)(const JsonNode&, std::string)) {
  const auto list = parse_json(parser, body);
  if (!list) return list.error();
  if (list->type != JsonNode::Type::kArray) return Error{Errc::kWrongType, std::string(name)};
  std::vector<Row> rows;
  for (const JsonNode& node : list->children) {
    auto row = read(node, std::string(name) + "[" + std::to_string(rows.size()) + "]");
    if (!row) return row.error();
    rows.push_back(std::move(*row));
  }
  return rows;
}

}  // namespace millrace::normalize::coinbase

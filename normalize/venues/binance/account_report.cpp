#include "normalize/venues/binance/account_report.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "normalize/account/orders.h"
#include "normalize/venues/binance/account_average.h"
#include "normalize/venues/binance/account_fields.h"

namespace millrace::normalize::binance {
namespace {

using schemas::Execution;
using schemas::ExecutionKind;
using schemas::Liquidity;
using schemas::OrderStatus;
using schemas::Side;

// A word of the venue and ours. A word that is not in the list is an error: an order in an unknown state would be told
// wrongly.
template <class Value>
using Word = std::pair<std::string_view, Value>;

template <class Value, std::size_t N>
Value read_word(ObjectReader& row, std::string_view key, const std::array<Word<Value>, N>& words) {
  const std::string text = row.need_text(key);
  for (const auto& [word, value] : words) {
    if (word == text) return value;
  }
  if (!text.empty()) row.fail(Errc::kWrongType, fmt::format("{}={}", key, text));
  return {};
}

constexpr std::array<Word<Side>, 2> kSides = {{{"BUY", Side::kBuy}, {"SELL", Side::kSell}}};

// NEW_ADL and NEW_INSURANCE say who filled it, not whether it is filled (5.2): kUnspecified here, decided by
// quantities.
constexpr std::array<Word<OrderStatus>, 11> kStatuses = {{{"NEW", OrderStatus::kNew},
                                                          {"PENDING_NEW", OrderStatus::kPendingNew},
                                                          {"PARTIALLY_FILLED", OrderStatus::kPartiallyFilled},
                                                          {"FILLED", OrderStatus::kFilled},
                                                          {"CANCELED", OrderStatus::kCancelled},
                                                          {"PENDING_CANCEL", OrderStatus::kPendingCancel},
                                                          {"REJECTED", OrderStatus::kRejected},
                                                          {"EXPIRED", OrderStatus::kExpired},
                                                          {"EXPIRED_IN_MATCH", OrderStatus::kExpired},
                                                          {"NEW_ADL", OrderStatus::kUnspecified},
                                                          {"NEW_INSURANCE", OrderStatus::kUnspecified}}};

// kUnspecified: decided by more than the word.
constexpr std::array<Word<ExecutionKind>, 9> kKinds = {{{"NEW", ExecutionKind::kNew},
                                                        {"CANCELED", ExecutionKind::kCancelled},
                                                        {"REPLACED", ExecutionKind::kReplaced},
                                                        {"AMENDMENT", ExecutionKind::kReplaced},
                                                        {"REJECTED", ExecutionKind::kRejected},
                                                        {"TRADE", ExecutionKind::kTrade},
                                                        {"EXPIRED", ExecutionKind::kExpired},
                                                        {"TRADE_PREVENTION", ExecutionKind::kUnspecified},
                                                        {"CALCULATED", ExecutionKind::kUnspecified}}};

ExecutionKind kind_of_end(OrderStatus status) {
  switch (status) {
    case OrderStatus::kCancelled:
      return ExecutionKind::kCancelled;
    case OrderStatus::kRejected:
      return ExecutionKind::kRejected;
    case OrderStatus::kExpired:
      return ExecutionKind::kExpired;
    default:
      return ExecutionKind::kStatus;
  }
}

// A liquidation is never a fill. Without a quantity it is only the venue's order of that kind.
ExecutionKind kind_of_calculated(ObjectReader& row) {
  if (!number_if_any(row, "l")) return ExecutionKind::kStatus;
  return row.text("c").starts_with("adl_autoclose") ? ExecutionKind::kAdl : ExecutionKind::kLiquidation;
}

OrderStatus status_by_quantity(const Execution& body) {
  if (!body.cumulative_quantity || sign(*body.cumulative_quantity) == 0) return OrderStatus::kNew;
  const bool all = body.quantity && compare(*body.cumulative_quantity, *body.quantity) >= 0;
  return all ? OrderStatus::kFilled : OrderStatus::kPartiallyFilled;
}

void read_kind(ObjectReader& row, Execution& body) {
  body.kind = read_word(row, "x", kKinds);
  body.status = read_word(row, "X", kStatuses);
  if (body.status == OrderStatus::kUnspecified) body.status = status_by_quantity(body);
  if (body.kind == ExecutionKind::kNew && body.status == OrderStatus::kPendingNew) {
    body.kind = ExecutionKind::kPendingNew;
  }
  if (body.kind != ExecutionKind::kUnspecified) return;
  const bool prevented = row.text("x") == "TRADE_PREVENTION";
  body.kind = prevented ? kind_of_end(body.status) : kind_of_calculated(row);
  if (prevented) body.reason = "TRADE_PREVENTION";
}

bool moves_position(const Execution& body) {
  return body.kind == ExecutionKind::kTrade || body.kind == ExecutionKind::kLiquidation ||
         body.kind == ExecutionKind::kAdl;
}

// l and L of other reports are not read: a prevented trade may carry what was prevented.
void read_fill(ObjectReader& row, OrderReport& out) {
  Execution& body = out.body;
  body.last_quantity = row.need_number("l");
  body.last_price = row.need_number("L");
  body.fee = row.number("n");
  body.fee_asset = row.text("N");
  const std::int64_t trade_id = row.integer("t").value_or(-1);
  // Spot says -1 and futures 0 for "no trade".
  const bool has_id = trade_id > 0 || (trade_id == 0 && row.integer("I"));
  if (has_id) {
    body.execution_id = std::to_string(trade_id);
    out.id = fmt::format("{}/{}", out.symbol, trade_id);
  }
  if (body.kind != ExecutionKind::kTrade) return;
  if (!has_id) row.fail(Errc::kMissingField, "t");
  const auto maker = row.boolean("m");
  if (maker) body.liquidity = *maker ? Liquidity::kMaker : Liquidity::kTaker;
}

// What executionReport and ORDER_TRADE_UPDATE have in common. Keys collide but for case.
OrderReport read_report(ObjectReader& row, std::string_view stop_key) {
  OrderReport out;
  Execution& body = out.body;
  out.symbol = row.need_text("s");
  body.order_id = row.need_text("i");
  body.client_order_id = row.text("c");
  body.side = read_word(row, "S", kSides);
  body.order_type = row.text("o");
  body.time_in_force = row.text("f");
  body.quantity = number_if_any(row, "q");
  body.price = number_if_any(row, "p");
  body.stop_price = number_if_any(row, stop_key);
  body.cumulative_quantity = row.need_number("z");
  read_kind(row, body);
  if (moves_position(body)) read_fill(row, out);
  out.time.happened = read_time(row, "T", out.time.bad);
  return out;
}

// Section 7's recipe for order states of futures, and of spot where old messages have no execution id.
std::string state_id_of(ObjectReader& row, const OrderReport& report) {
  return fmt::format("{}/{}/{}/{}/{}", report.symbol, row.text("x"), row.text("X"), row.text("T"),
                     report.body.cumulative_quantity ? plain_text(*report.body.cumulative_quantity) : "-");
}

void read_reason(ObjectReader& row, std::string_view key, std::string_view none, Execution& body) {
  std::string reason = absent_if(row.text(key), none);
  if (!reason.empty() && body.reason.empty()) body.reason = std::move(reason);
}

}  // namespace

// {"e":"executionReport","E":1499405658658,"s":"ETHBTC","c":"mUvo","S":"BUY","o":"LIMIT","f":"GTC","q":"1.00000000",
//  "p":"0.10264410","P":"0.00000000","C":"","x":"NEW","X":"NEW","r":"NONE","i":4293153,"l":"0.00000000",
//  "z":"0.00000000","L":"0.00000000","n":"0","N":null,"T":1499405658657,"t":-1,"I":8641984,"m":false,"Z":"0.00000000"}
Result<OrderReport> read_execution_report(const JsonNode& event) {
  ObjectReader row(event, "executionReport");
  OrderReport out = read_report(row, "P");
  Execution& body = out.body;
  out.time.sent = read_time(row, "E", out.time.bad);
  // A cancel has an id of its own in c; an amended order goes on under c.
  const std::string original = row.text("C");
  if (!original.empty() && body.kind != ExecutionKind::kReplaced) body.client_order_id = original;
  read_reason(row, "eR", "NONE", body);
  read_reason(row, "r", "NONE", body);
  if (out.id.empty()) {
    const std::string execution_id = row.text("I");
    body.execution_id = execution_id;
    out.id =
        execution_id.empty() ? state_id_of(row, out) : fmt::format("{}/{}/{}", out.symbol, row.text("x"), execution_id);
  }
  const auto quote = row.number("Z");
  if (quote && body.cumulative_quantity) body.average_price = exact_quotient(*quote, *body.cumulative_quantity);
  // Self-trade prevention takes away from the order without filling it.
  const auto prevented = number_if_any(row, "A");
  if (prevented && body.quantity && body.cumulative_quantity && !is_final(body.status)) {
    body.leaves_quantity = subtract(subtract(*body.quantity, *body.cumulative_quantity), *prevented);
  }
  if (auto error = row.error()) return *std::move(error);
  return out;
}

// {"e":"ORDER_TRADE_UPDATE","E":1568879465651,"T":1568879465650,"o":{"s":"BTCUSDT","c":"TEST","S":"SELL","o":"LIMIT",
//  "f":"GTC","q":"0.001","p":"0","ap":"0","sp":"7103.04","x":"NEW","X":"NEW","i":8886774,"l":"0","z":"0","L":"0",
//  "N":"USDT","n":"0","T":1568879465650,"t":0,"m":false,"er":"0"}}
Result<OrderReport> read_order_trade_update(const JsonNode& event) {
  ObjectReader outer(event, "ORDER_TRADE_UPDATE");
  const JsonNode* const order = outer.object("o");
  if (order == nullptr) outer.fail(Errc::kMissingField, "o");
  if (auto error = outer.error()) return *std::move(error);
  ObjectReader row(*order, "ORDER_TRADE_UPDATE.o");
  OrderReport out = read_report(row, "sp");
  out.time.sent = read_time(outer, "E", out.time.bad);
  out.body.average_price = number_if_any(row, "ap");
  read_reason(row, "er", "0", out.body);
  if (out.id.empty()) out.id = state_id_of(row, out);
  if (auto error = row.error()) return *std::move(error);
  return out;
}

// {"symbol":"LTCBTC","orderId":1,"clientOrderId":"myOrder1","price":"0.1","origQty":"1.0","executedQty":"0.0",
//  "cummulativeQuoteQty":"0.0","status":"NEW","timeInForce":"GTC","type":"LIMIT","side":"BUY","stopPrice":"0.0",
//  "time":1499827319559,"updateTime":1499827319559}
Result<OrderReport> read_order_row(const JsonNode& node, std::string place) {
  ObjectReader row(node, std::move(place));
  OrderReport out;
  Execution& body = out.body;
  out.symbol = row.need_text("symbol");
  body.order_id = row.need_text("orderId");
  // Answers to a cancel name the cancel in clientOrderId.
  body.client_order_id = row.text("origClientOrderId");
  if (body.client_order_id.empty()) body.client_order_id = row.text("clientOrderId");
  body.side = read_word(row, "side", kSides);
  body.order_type = row.text("type");
  body.time_in_force = row.text("timeInForce");
  body.quantity = number_if_any(row, "origQty");
  body.price = number_if_any(row, "price");
  body.stop_price = number_if_any(row, "stopPrice");
  body.cumulative_quantity = row.need_number("executedQty");
  body.status = read_word(row, "status", kStatuses);
  if (body.status == OrderStatus::kUnspecified) body.status = status_by_quantity(body);
  body.kind = kind_of_end(body.status);
  body.average_price = number_if_any(row, "avgPrice");   // USD-M until July 2026
  const auto quote = row.number("cummulativeQuoteQty");  // so spelt
  if (quote && body.cumulative_quantity) body.average_price = exact_quotient(*quote, *body.cumulative_quantity);
  out.time.happened = read_time(row, "updateTime", out.time.bad);
  if (!out.time.happened) out.time.happened = read_time(row, "transactTime", out.time.bad);
  out.id = fmt::format("{}/{}", out.symbol, state_id(body, out.time.happened.value_or(0)));
  if (auto error = row.error()) return *std::move(error);
  return out;
}

// {"symbol":"BNBBTC","id":28457,"orderId":100234,"price":"4.00000100","qty":"12.00000000","commission":"10.10000000",
//  "commissionAsset":"BNB","time":1499865549590,"isBuyer":true,"isMaker":false}
// Futures: "side", "buyer" and "maker" instead. The fee's sign is as sent (5.2: positive is paid).
Result<FillRow> read_fill_row(const JsonNode& node, std::string place) {
  ObjectReader row(node, std::move(place));
  FillRow out;
  Execution& body = out.body;
  out.symbol = row.need_text("symbol");
  out.trade_id = row.need_integer("id");
  body.kind = ExecutionKind::kTrade;
  body.order_id = row.need_text("orderId");
  body.execution_id = std::to_string(out.trade_id);
  out.id = fmt::format("{}/{}", out.symbol, out.trade_id);
  body.last_price = row.need_number("price");
  body.last_quantity = row.need_number("qty");
  body.fee = row.number("commission");
  body.fee_asset = row.text("commissionAsset");
  const bool has_side = node.find("side") != nullptr;
  const auto buyer = row.boolean(node.find("isBuyer") != nullptr ? "isBuyer" : "buyer");
  if (has_side) body.side = read_word(row, "side", kSides);
  if (!has_side && !buyer) row.fail(Errc::kMissingField, "isBuyer");
  if (!has_side && buyer) body.side = *buyer ? Side::kBuy : Side::kSell;
  const auto maker = row.boolean(node.find("isMaker") != nullptr ? "isMaker" : "maker");
  if (maker) body.liquidity = *maker ? Liquidity::kMaker : Liquidity::kTaker;
  bool bad = false;
  const auto time = read_time(row, "time", bad);
  if (!time) row.fail(Errc::kBadTime, "time");
  out.time = time.value_or(0);
  if (auto error = row.error()) return *std::move(error);
  return out;
}

}  // namespace millrace::normalize::binance

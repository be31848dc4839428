#include "normalize/venues/coinbase/account_exchange_messages.h"

#include <utility>

#include "normalize/account/decimal_math.h"
#include "normalize/venues/coinbase/account_text.h"

namespace millrace::normalize::coinbase {
namespace {

using schemas::Liquidity;
using schemas::OrderStatus;
using schemas::WideDecimal;
using Type = UserMessage::Type;

constexpr std::pair<std::string_view, Type> kTypes[] = {{"received", Type::kReceived}, {"open", Type::kOpen},
                                                        {"match", Type::kMatch},       {"done", Type::kDone},
                                                        {"change", Type::kChange},     {"activate", Type::kActivate}};

// activate: "timestamp":"1483736448.299000", seconds since 1970 as a decimal.
std::optional<UnixNanos> seconds_text(ObjectReader& row, std::string_view key) {
  const auto seconds = row.number(key);
  if (!seconds || !seconds->text.empty()) return std::nullopt;
  const auto nanos = schemas::rescaled(seconds->value, -9);
  return nanos && *nanos > 0 ? nanos : std::nullopt;
}

// {"type":"match","product_id":"ETH-USDT","sequence":21176252973,"trade_id":30787025,"maker_order_id":"...",
//  "taker_order_id":"...","time":"...","size":"0.001","price":"4284.43","side":"buy","user_id":"...",
//  "profile_id":"...","taker_user_id":"...","taker_profile_id":"...","taker_fee_rate":"0.0004"}
void read_match(ObjectReader& row, UserMessage& message) {
  message.trade_id = row.need_integer("trade_id");
  message.maker_order_id = row.need_text("maker_order_id");
  message.taker_order_id = row.need_text("taker_order_id");
  message.size = row.need_number("size");
  message.price = row.need_number("price");
  row.need_text("side");
  message.is_taker = !row.text("taker_user_id").empty() || !row.text("taker_profile_id").empty();
  message.is_maker = !row.text("maker_user_id").empty() || !row.text("maker_profile_id").empty();
  message.taker_fee_rate = row.number("taker_fee_rate");
  message.maker_fee_rate = row.number("maker_fee_rate");
}

// received, open, done, change, activate.
void read_order_event(ObjectReader& row, UserMessage& message) {
  message.order_id = row.need_text("order_id");
  message.client_order_id = row.text("client_oid");
  message.order_type = row.text("order_type");
  message.reason = row.text("reason");
  message.cancel_reason = row.text("cancel_reason");
  message.price = row.number("price");
  message.size = row.number("size");
  message.remaining = row.number("remaining_size");
  message.new_price = row.number("new_price");
  message.new_size = row.number("new_size");
  message.stop_price = row.number("stop_price");
  if (message.type == Type::kOpen) row.need_number("remaining_size");
  if (message.type == Type::kDone) row.need_text("reason");
}

// pending and active (a stop that waits) are not on the book yet (5.3).
OrderStatus status_of(ObjectReader& row, const OrderRow& order) {
  const std::string word = row.need_text("status");
  if (word == "received" || word == "pending" || word == "active") return OrderStatus::kPendingNew;
  if (word == "open") return sign(order.filled) > 0 ? OrderStatus::kPartiallyFilled : OrderStatus::kNew;
  if (word == "rejected") return OrderStatus::kRejected;
  if (word == "done" && order.done_reason == "filled") return OrderStatus::kFilled;
  if (word == "done" && order.done_reason == "canceled") return OrderStatus::kCancelled;
  row.fail(Errc::kWrongType, word == "done" ? "done_reason" : "status");
  return OrderStatus::kUnspecified;
}

Liquidity liquidity_of(std::string_view word) {
  if (word == "M") return Liquidity::kMaker;
  return word == "T" ? Liquidity::kTaker : Liquidity::kUnspecified;
}

}  // namespace

std::optional<Type> user_type(std::string_view word) {
  for (const auto& [name, type] : kTypes) {
    if (name == word) return type;
  }
  return std::nullopt;
}

Result<UserMessage> read_user(const JsonNode& node, Type type) {
  ObjectReader row(node, "");
  UserMessage message;
  message.type = type;
  message.product = row.need_text("product_id");
  message.side = side_of(row, "side");
  message.sequence = row.integer("sequence");
  message.time = venue_time(row, "time");
  if (!message.time && type == Type::kActivate) message.time = seconds_text(row, "timestamp");
  message.bad_time = !message.time;
  if (type == Type::kMatch) {
    read_match(row, message);
  } else {
    read_order_event(row, message);
  }
  if (row.error()) return *row.error();
  return message;
}

// {"type":"balance","account_id":"...","currency":"USD","holds":"1000.23","available":"102030.99",
//  "updated":"2023-10-10T20:42:27.265Z","timestamp":"2023-10-10T20:42:29.265Z"}
Result<BalanceRow> read_balance(const JsonNode& node) {
  ObjectReader row(node, "");
  BalanceRow balance;
  balance.id = row.need_text("account_id");
  balance.asset = row.need_text("currency");
  balance.available = row.need_number("available").value_or(WideDecimal{});
  balance.locked = row.need_number("holds").value_or(WideDecimal{});
  balance.venue_time = venue_time(row, "updated");
  balance.send_time = venue_time(row, "timestamp");
  balance.bad_time = row.bad_time();
  if (row.error()) return *row.error();
  return balance;
}

Result<OrderRow> read_order(const JsonNode& node, std::string place) {
  ObjectReader row(node, std::move(place));
  OrderRow order;
  order.id = row.need_text("id");
  order.product = row.need_text("product_id");
  order.client_order_id = row.text("client_oid");
  order.type = row.text("type");
  order.time_in_force = row.text("time_in_force");
  order.done_reason = row.text("done_reason");
  order.side = side_of(row, "side");
  order.price = row.number("price");
  order.stop_price = row.number("stop_price");
  order.size = row.number("size");
  order.filled = row.need_number("filled_size").value_or(WideDecimal{});
  order.status = status_of(row, order);
  order.created_at = venue_time(row, "created_at");
  order.done_at = venue_time(row, "done_at");
  if (row.error()) return *row.error();
  return order;
}

Result<FillRow> read_fill(const JsonNode& node, std::string place) {
  ObjectReader row(node, std::move(place));
  FillRow fill;
  fill.product = row.need_text("product_id");
  fill.order_id = row.need_text("order_id");
  fill.trade_id = row.need_integer("trade_id");
  row.need_text("side");
  fill.side = side_of(row, "side");
  fill.liquidity = liquidity_of(row.text("liquidity"));
  fill.price = row.need_number("price").value_or(WideDecimal{});
  fill.size = row.need_number("size").value_or(WideDecimal{});
  fill.fee = row.number("fee");
  const auto time = venue_time(row, "created_at");
  if (!time) row.fail(Errc::kBadTime, "created_at");
  fill.time = time.value_or(0);
  if (row.error()) return *row.error();
  return fill;
}

Result<BalanceRow> read_account(const JsonNode& node, std::string place) {
  ObjectReader row(node, std::move(place));
  BalanceRow balance;
  balance.id = row.need_text("id");
  balance.asset = row.need_text("currency");
  balance.available = row.need_number("available").value_or(WideDecimal{});
  balance.locked = row.need_number("hold").value_or(WideDecimal{});
  if (row.error()) return *row.error();
  return balance;
}

}  // namespace millrace::normalize::coinbase

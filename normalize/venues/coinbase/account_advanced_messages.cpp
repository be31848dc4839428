#include "normalize/venues/coinbase/account_advanced_messages.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "normalize/account/decimal_math.h"
#include "normalize/venues/coinbase/account_text.h"

namespace millrace::normalize::coinbase {
namespace {

using schemas::Liquidity;
using schemas::OrderStatus;
using schemas::WideDecimal;

// 5.3. OPEN is kNew, or kPartiallyFilled once something is filled; of an edit that waits, the order is open.
constexpr std::pair<std::string_view, OrderStatus> kStatuses[] = {{"PENDING", OrderStatus::kPendingNew},
                                                                  {"QUEUED", OrderStatus::kPendingNew},
                                                                  {"OPEN", OrderStatus::kNew},
                                                                  {"EDIT_QUEUED", OrderStatus::kNew},
                                                                  {"FILLED", OrderStatus::kFilled},
                                                                  {"CANCEL_QUEUED", OrderStatus::kPendingCancel},
                                                                  {"CANCELLED", OrderStatus::kCancelled},
                                                                  {"EXPIRED", OrderStatus::kExpired},
                                                                  {"FAILED", OrderStatus::kRejected},
                                                                  {"UNKNOWN_ORDER_STATUS", OrderStatus::kUnspecified}};

OrderStatus status_of(ObjectReader& row, const WideDecimal& filled) {
  const std::string word = row.need_text("status");
  const auto found = std::find_if(std::begin(kStatuses), std::end(kStatuses),
                                  [&word](const auto& status) { return status.first == word; });
  if (found == std::end(kStatuses)) {
    if (!word.empty()) row.fail(Errc::kWrongType, "status");
    return OrderStatus::kUnspecified;
  }
  return found->second == OrderStatus::kNew && sign(filled) > 0 ? OrderStatus::kPartiallyFilled : found->second;
}

// A price of 0 is how the venue writes "none" for orders without a limit.
std::optional<WideDecimal> positive(std::optional<WideDecimal> number) {
  return number && sign(*number) > 0 ? number : std::nullopt;
}

bool ends(OrderStatus status) {
  return status == OrderStatus::kFilled || status == OrderStatus::kCancelled || status == OrderStatus::kExpired ||
         status == OrderStatus::kRejected;
}

// What the order's status is for: "reject_reason" may be REJECT_REASON_UNSPECIFIED.
std::string reason_of(ObjectReader& row, OrderStatus status) {
  const std::string rejected = row.text("reject_reason");
  std::string words = row.text(status == OrderStatus::kRejected ? "reject_message" : "cancel_message");
  if (words.empty() && status == OrderStatus::kCancelled) words = row.text("cancel_reason");
  if (words.empty() && status == OrderStatus::kRejected) words = rejected;
  return words;
}

// {"order_id":"...","client_order_id":"...","cumulative_quantity":"0","leaves_quantity":"0.001","avg_price":"0",
//  "status":"OPEN","product_id":"BTC-USD","order_side":"BUY","order_type":"Limit","cancel_reason":"",...}
// Leaves are in quote units if the order was placed so, which only market orders are, and zero once it has ended (5.2).
Result<AdvancedOrder> read_stream_order(const JsonNode& node, std::string place) {
  ObjectReader row(node, std::move(place));
  AdvancedOrder order;
  order.id = row.need_text("order_id");
  order.product = row.need_text("product_id");
  order.client_order_id = row.text("client_order_id");
  order.type = row.text("order_type");
  order.time_in_force = row.text("time_in_force");
  order.side = side_of(row, "order_side");
  order.filled = row.need_number("cumulative_quantity").value_or(WideDecimal{});
  order.status = status_of(row, order.filled);
  order.reason = reason_of(row, order.status);
  order.price = positive(row.number("limit_price"));
  order.stop_price = positive(row.number("stop_price"));
  order.average = positive(row.number("avg_price"));
  const auto leaves = row.number("leaves_quantity");
  if (leaves && !ends(order.status) && mentions(order.type, "limit")) order.quantity = add(order.filled, *leaves);
  if (row.error()) return *row.error();
  return order;
}

Result<UserEvent> read_event(const JsonNode& node, std::string place) {
  ObjectReader row(node, place);
  UserEvent event;
  event.snapshot = row.need_text("type") == "snapshot";
  const JsonNode* const orders = row.array("orders");
  if (row.error()) return *row.error();
  if (orders == nullptr) return event;  // positions alone
  for (const JsonNode& child : orders->children) {
    auto order = read_stream_order(child, fmt::format("{}.orders[{}]", place, event.orders.size()));
    if (!order) return order.error();
    event.orders.push_back(std::move(*order));
  }
  return event;
}

// {"limit_limit_gtc":{"base_size":"0.001","limit_price":"10000.00","post_only":false}}: one member, whose name says
// the kind of order.
void read_configuration(const JsonNode& configuration, AdvancedOrder& order, ObjectReader& row) {
  if (configuration.children.empty()) return;
  ObjectReader members(configuration.children.front(), row.place() + ".order_configuration");
  order.quantity = positive(members.number("base_size"));
  order.price = positive(members.number("limit_price"));
  order.stop_price = positive(members.number("stop_price"));
  if (members.error()) row.fail(members.error()->code, "order_configuration");
}

// {"order_id":"...","product_id":"BTC-USD","order_configuration":{...},"side":"BUY","status":"OPEN",
//  "filled_size":"0.001","average_filled_price":"50","order_type":"LIMIT",...}
Result<AdvancedOrder> read_rest_order(const JsonNode& node, std::string place) {
  ObjectReader row(node, std::move(place));
  AdvancedOrder order;
  order.id = row.need_text("order_id");
  order.product = row.need_text("product_id");
  order.client_order_id = row.text("client_order_id");
  order.type = row.text("order_type");
  order.time_in_force = row.text("time_in_force");
  order.side = side_of(row, "side");
  order.filled = row.need_number("filled_size").value_or(WideDecimal{});
  order.status = status_of(row, order.filled);
  order.reason = reason_of(row, order.status);
  order.average = positive(row.number("average_filled_price"));
  if (const JsonNode* const configuration = row.object("order_configuration")) {
    read_configuration(*configuration, order, row);
  }
  if (row.error()) return *row.error();
  return order;
}

Liquidity liquidity_of(std::string_view word) {
  if (word == "MAKER") return Liquidity::kMaker;
  return word == "TAKER" ? Liquidity::kTaker : Liquidity::kUnspecified;
}

// SYNTHETIC (older documents) is a fill that the venue made up for its books: it moves the account as any other.
TradeType trade_type_of(ObjectReader& row) {
  const std::string word = row.text("trade_type");
  if (word == "REVERSAL") return TradeType::kReversal;
  if (word == "CORRECTION") return TradeType::kCorrection;
  if (!word.empty() && word != "FILL" && word != "SYNTHETIC") row.fail(Errc::kWrongType, "trade_type");
  return TradeType::kFill;
}

Result<AdvancedFill> read_fill(const JsonNode& node, std::string place) {
  ObjectReader row(node, std::move(place));
  AdvancedFill fill;
  fill.entry_id = row.need_text("entry_id");
  fill.trade_id = row.text("trade_id");
  fill.order_id = row.need_text("order_id");
  fill.product = row.need_text("product_id");
  fill.type = trade_type_of(row);
  row.need_text("side");
  fill.side = side_of(row, "side");
  fill.liquidity = liquidity_of(row.text("liquidity_indicator"));
  fill.price = row.need_number("price").value_or(WideDecimal{});
  fill.size = row.need_number("size").value_or(WideDecimal{});
  fill.size_in_quote = row.boolean("size_in_quote").value_or(false);
  fill.commission = row.number("commission");
  auto time = venue_time(row, "trade_time");
  if (!time) time = venue_time(row, "sequence_timestamp");
  if (!time) row.fail(Errc::kBadTime, "trade_time");
  fill.time = time.value_or(0);
  if (row.error()) return *row.error();
  return fill;
}

// {"value":"1.23456789","currency":"BTC"}
WideDecimal amount(ObjectReader& row, std::string_view key) {
  const JsonNode* const node = row.object(key);
  if (node == nullptr) {
    row.fail(Errc::kMissingField, key);
    return {};
  }
  ObjectReader members(*node, fmt::format("{}.{}", row.place(), key));
  const auto value = members.need_number("value");
  if (members.error()) row.fail(members.error()->code, key);
  return value.value_or(WideDecimal{});
}

Result<BalanceRow> read_account(const JsonNode& node, std::string place) {
  ObjectReader row(node, std::move(place));
  BalanceRow balance;
  balance.id = row.need_text("uuid");
  balance.asset = row.need_text("currency");
  balance.wallet = balance.id;
  balance.available = amount(row, "available_balance");
  balance.locked = amount(row, "hold");
  balance.venue_time = venue_time(row, "updated_at");
  if (row.error()) return *row.error();
  return balance;
}

}  // namespace

Result<AdvancedMessage> read_advanced(const JsonNode& node) {
  ObjectReader row(node, "");
  AdvancedMessage message;
  message.channel = row.need_text("channel");
  message.sequence = row.integer("sequence_num");
  message.sent = venue_time(row, "timestamp");
  message.bad_time = !message.sent;
  const JsonNode* const events = row.array("events");
  if (row.error()) return *row.error();
  if (events == nullptr) return message;
  for (const JsonNode& child : events->children) {
    if (message.channel == "subscriptions") {
      const JsonNode* const channels = child.find("subscriptions");
      message.lists_user = message.lists_user || (channels != nullptr && channels->find("user") != nullptr);
    }
    if (message.channel != "user") continue;
    auto event = read_event(child, fmt::format("events[{}]", message.events.size()));
    if (!event) return event.error();
    message.events.push_back(std::move(*event));
  }
  return message;
}

Result<AdvancedOrder> read_advanced_order(const JsonNode& answer) {
  const JsonNode* const node = answer.find("order");
  if (node == nullptr) return Error{Errc::kMissingField, "order"};
  return read_rest_order(*node, "order");
}

Result<AdvancedOrderPage> read_advanced_orders(const JsonNode& answer) {
  ObjectReader row(answer, "");
  AdvancedOrderPage page;
  const JsonNode* const list = row.array("orders");
  if (list == nullptr) row.fail(Errc::kMissingField, "orders");
  if (row.boolean("has_next").value_or(false)) page.cursor = row.text("cursor");
  if (row.error()) return *row.error();
  for (const JsonNode& node : list->children) {
    auto order = read_rest_order(node, fmt::format("orders[{}]", page.rows.size()));
    if (!order) return order.error();
    page.rows.push_back(std::move(*order));
  }
  return page;
}

Result<AdvancedFills> read_advanced_fills(const JsonNode& answer) {
  ObjectReader row(answer, "");
  AdvancedFills fills;
  const JsonNode* const list = row.array("fills");
  if (list == nullptr) row.fail(Errc::kMissingField, "fills");
  fills.cursor = row.text("cursor");
  if (row.error()) return *row.error();
  for (const JsonNode& node : list->children) {
    auto fill = read_fill(node, fmt::format("fills[{}]", fills.rows.size()));
    if (!fill) return fill.error();
    fills.rows.push_back(std::move(*fill));
  }
  return fills;
}

Result<AdvancedAccounts> read_advanced_accounts(const JsonNode& answer) {
  ObjectReader row(answer, "");
  AdvancedAccounts accounts;
  const JsonNode* const list = row.array("accounts");
  if (list == nullptr) row.fail(Errc::kMissingField, "accounts");
  if (row.boolean("has_next").value_or(false)) accounts.cursor = row.text("cursor");
  if (row.error()) return *row.error();
  for (const JsonNode& node : list->children) {
    auto account = read_account(node, fmt::format("accounts[{}]", accounts.rows.size()));
    if (!account) return account.error();
    accounts.rows.push_back(std::move(*account));
  }
  return accounts;
}

}  // namespace millrace::normalize::coinbase

#include "normalize/venues/alpaca/account_messages.h"

#include <algorithm>
#include <utility>

#include "normalize/account/decimal_math.h"

namespace millrace::normalize::alpaca {
namespace {

using schemas::ExecutionKind;
using schemas::OrderStatus;
using schemas::Side;
using schemas::WideDecimal;

// 5, table of order.status. "open" is kNew, or kPartiallyFilled once something is filled.
constexpr std::pair<std::string_view, OrderStatus> kStatuses[] = {{"accepted", OrderStatus::kPendingNew},
                                                                  {"pending_new", OrderStatus::kPendingNew},
                                                                  {"accepted_for_bidding", OrderStatus::kPendingNew},
                                                                  {"held", OrderStatus::kPendingNew},
                                                                  {"pending_review", OrderStatus::kPendingNew},
                                                                  {"new", OrderStatus::kNew},
                                                                  {"stopped", OrderStatus::kNew},
                                                                  {"pending_replace", OrderStatus::kNew},
                                                                  {"calculated", OrderStatus::kNew},
                                                                  {"suspended", OrderStatus::kNew},
                                                                  {"done_for_day", OrderStatus::kNew},
                                                                  {"partially_filled", OrderStatus::kPartiallyFilled},
                                                                  {"filled", OrderStatus::kFilled},
                                                                  {"pending_cancel", OrderStatus::kPendingCancel},
                                                                  {"canceled", OrderStatus::kCancelled},
                                                                  {"replaced", OrderStatus::kReplaced},
                                                                  {"expired", OrderStatus::kExpired},
                                                                  {"rejected", OrderStatus::kRejected}};

// What an event is. Those with a status say how the order stands after it; of the others the order object says it.
struct Event {
  std::string_view name;
  ExecutionKind kind;
  OrderStatus status = OrderStatus::kUnspecified;
};
constexpr Event kEvents[] = {{"new", ExecutionKind::kNew},
                             {"fill", ExecutionKind::kTrade, OrderStatus::kFilled},
                             {"partial_fill", ExecutionKind::kTrade, OrderStatus::kPartiallyFilled},
                             {"canceled", ExecutionKind::kCancelled, OrderStatus::kCancelled},
                             {"expired", ExecutionKind::kExpired, OrderStatus::kExpired},
                             {"rejected", ExecutionKind::kRejected, OrderStatus::kRejected},
                             {"replaced", ExecutionKind::kReplaced, OrderStatus::kReplaced},
                             {"accepted", ExecutionKind::kPendingNew},
                             {"pending_new", ExecutionKind::kPendingNew},
                             {"pending_cancel", ExecutionKind::kPendingCancel},
                             {"restated", ExecutionKind::kReplaced},
                             {"done_for_day", ExecutionKind::kStatus},
                             {"stopped", ExecutionKind::kStatus},
                             {"pending_replace", ExecutionKind::kStatus},
                             {"calculated", ExecutionKind::kStatus},
                             {"suspended", ExecutionKind::kStatus},
                             {"order_replace_rejected", ExecutionKind::kStatus},
                             {"order_cancel_rejected", ExecutionKind::kStatus},
                             {"trade_bust", ExecutionKind::kTradeCancel},
                             {"trade_correct", ExecutionKind::kTradeCorrection}};

Side side_of(ObjectReader& row, std::string_view key) {
  const std::string word = row.text(key);
  if (word == "buy") return Side::kBuy;
  if (word == "sell" || word == "sell_short") return Side::kSell;
  if (!word.empty()) row.fail(Errc::kWrongType, key);
  return Side::kUnspecified;
}

OrderStatus status_of(ObjectReader& row, std::string_view key, const WideDecimal& filled) {
  const std::string word = row.need_text(key);
  const auto found = std::find_if(std::begin(kStatuses), std::end(kStatuses),
                                  [&word](const auto& status) { return status.first == word; });
  if (found == std::end(kStatuses)) {
    if (!word.empty()) row.fail(Errc::kWrongType, key);
    return OrderStatus::kUnspecified;
  }
  if (found->second == OrderStatus::kNew && sign(filled) > 0) return OrderStatus::kPartiallyFilled;
  return found->second;
}

WideDecimal needed(ObjectReader& row, std::string_view key) { return row.need_number(key).value_or(WideDecimal{}); }

// {"execution_id":"...","order_id":"...","symbol":"...","qty":"1","price":"0.5","timestamp":"..."}
Result<LegFill> read_leg(const JsonNode& node, std::string place) {
  ObjectReader row(node, std::move(place));
  LegFill leg;
  leg.order_id = row.need_text("order_id");
  leg.execution_id = row.text("execution_id");
  leg.symbol = row.need_text("symbol");
  leg.price = needed(row, "price");
  leg.quantity = needed(row, "qty");
  leg.time = row.rfc3339("timestamp");
  if (row.error()) return *row.error();
  return leg;
}

const Event* event_of(ObjectReader& row) {
  const std::string word = row.need_text("event");
  const auto found =
      std::find_if(std::begin(kEvents), std::end(kEvents), [&word](const Event& event) { return event.name == word; });
  if (found != std::end(kEvents)) return &*found;
  row.fail(Errc::kWrongType, "event");
  return nullptr;
}

// The order's own time stands in where the event has none (pending_new).
void read_time(ObjectReader& row, TradeUpdate& update) {
  update.time = row.rfc3339("timestamp");
  if (!update.time) update.time = row.rfc3339("at");
  update.bad_time = !update.time;
  if (!update.time) update.time = update.order.updated_at;
}

}  // namespace

Result<OrderRow> read_order(const JsonNode& node, std::string place) {
  ObjectReader row(node, place);
  OrderRow order;
  order.id = row.need_text("id");
  order.client_order_id = row.text("client_order_id");
  order.symbol = row.text("symbol");
  order.type = row.text("type");
  order.time_in_force = row.text("time_in_force");
  order.replaced_by = row.text("replaced_by");
  order.replaces = row.text("replaces");
  order.submitted_at = row.text("submitted_at");
  order.side = side_of(row, "side");
  order.filled = row.number("filled_qty").value_or(WideDecimal{});
  order.status = status_of(row, "status", order.filled);
  order.quantity = row.number("qty");
  order.price = row.number("limit_price");
  order.stop_price = row.number("stop_price");
  order.average = row.number("filled_avg_price");
  order.updated_at = row.rfc3339("updated_at");
  const JsonNode* const legs = row.array("legs");
  if (row.error()) return *row.error();
  if (legs == nullptr) return order;
  auto rows = read_rows(*legs, place + ".legs", read_order);
  if (!rows) return rows.error();
  order.legs = std::move(*rows);
  return order;
}

Result<TradeUpdate> read_update(const JsonNode& data) {
  ObjectReader row(data, "data");
  TradeUpdate update;
  const Event* const event = event_of(row);
  const JsonNode* const node = row.object("order");
  if (node == nullptr) row.fail(Errc::kMissingField, "order");
  update.execution_id = row.text("execution_id");
  update.previous_execution_id = row.text("previous_execution_id");
  update.reason = row.text("reason");
  update.price = row.number("price");
  update.quantity = row.number("qty");
  const JsonNode* const legs = row.array("legs");
  if (row.error()) return *row.error();
  auto order = read_order(*node, "data.order");
  if (!order) return order.error();
  update.order = std::move(*order);
  update.event = event->name;
  update.kind = event->kind;
  update.status = event->status != OrderStatus::kUnspecified ? event->status : update.order.status;
  read_time(row, update);
  if (legs != nullptr) {
    auto fills = read_rows(*legs, "data.legs", read_leg);
    if (!fills) return fills.error();
    update.legs = std::move(*fills);
  }
  if (update.kind == ExecutionKind::kTrade && update.legs.empty()) {
    row.need_number("price");
    row.need_number("qty");
  }
  if (row.error()) return *row.error();
  return update;
}

// {"activity_type":"FILL","id":"20190524113406977::8efc7b9a-...","cum_qty":"1","leaves_qty":"0","price":"1.63",
//  "qty":"1","side":"buy","symbol":"LPCN","transaction_time":"2019-05-24T15:34:06.977Z","order_id":"...",
//  "type":"fill","order_status":"filled"}
// "status" is documented for other activities: "executed", or "canceled" for one that was made void.
Result<FillRow> read_fill(const JsonNode& node, std::string place) {
  ObjectReader row(node, std::move(place));
  FillRow fill;
  if (row.need_text("activity_type") != "FILL") row.fail(Errc::kWrongType, "activity_type");
  const std::string type = row.need_text("type");
  if (type != "fill" && type != "partial_fill") row.fail(Errc::kWrongType, "type");
  fill.id = row.need_text("id");
  fill.order_id = row.need_text("order_id");
  fill.symbol = row.need_text("symbol");
  row.need_text("side");
  fill.side = side_of(row, "side");
  fill.price = needed(row, "price");
  fill.quantity = needed(row, "qty");
  fill.cumulative = needed(row, "cum_qty");
  fill.leaves = row.number("leaves_qty");
  fill.busted = row.text("status") == "canceled";
  fill.status = type == "fill" ? OrderStatus::kFilled : OrderStatus::kPartiallyFilled;
  const auto time = row.rfc3339("transaction_time");
  if (!time) row.fail(Errc::kBadTime, "transaction_time");
  fill.time = time.value_or(0);
  if (row.error()) return *row.error();
  return fill;
}

// 7: total is the cash; what is available of it is less than the buying power that the margin gives, where told.
Result<Holding> read_account(const JsonNode& node) {
  ObjectReader row(node, "account");
  Holding cash;
  cash.asset = row.need_text("currency");
  cash.total = needed(row, "cash");
  cash.available = row.number("non_marginable_buying_power");
  if (!cash.available) cash.available = row.number("buying_power");
  if (row.error()) return *row.error();
  return cash;
}

Result<Holding> read_position(const JsonNode& node, std::string place) {
  ObjectReader row(node, std::move(place));
  Holding position;
  position.asset = row.need_text("symbol");
  position.total = needed(row, "qty");
  position.available = row.number("qty_available");
  if (row.error()) return *row.error();
  return position;
}

// {"id":"...","class":"crypto","exchange":"ALPACA","symbol":"BTC/USD",...}
Result<AssetNames> read_assets(const JsonNode& list) {
  if (list.type != JsonNode::Type::kArray) return Error{Errc::kWrongType, "assets"};
  AssetNames names;
  for (const JsonNode& node : list.children) {
    ObjectReader row(node, "assets[" + std::to_string(names.size()) + "]");
    std::string symbol = row.need_text("symbol");
    if (row.error()) return *row.error();
    const std::size_t slash = symbol.find('/');
    if (slash == std::string::npos) continue;
    std::string base = symbol.substr(0, slash);
    names.emplace(symbol.erase(slash, 1), std::move(base));
  }
  return names;
}

std::string instrument_of(std::string_view symbol) {
  const std::size_t slash = symbol.find('/');
  if (slash != std::string_view::npos) {
    std::string pair(symbol);
    pair[slash] = '-';
    return pair;
  }
  constexpr std::size_t kLongestTicker = 5;
  const std::string_view ticker = symbol.substr(0, symbol.find('.'));
  const bool letters = std::all_of(ticker.begin(), ticker.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  if (ticker.empty() || ticker.size() > kLongestTicker || !letters) return {};
  return std::string(symbol) + "-USD";
}

}  // namespace millrace::normalize::alpaca

#include "normalize/venues/kraken/account_messages.h"

#include <fmt/format.h>

#include "normalize/account/decimal_math.h"
#include "normalize/venues/kraken/account_words.h"

namespace millrace::normalize::kraken {

namespace {

using schemas::Execution;
using schemas::ExecutionKind;
using schemas::OrderStatus;
using schemas::WideDecimal;

// The venue writes 0 for "none": a market order's limit, the average of no fills.
std::optional<WideDecimal> unless_zero(std::optional<WideDecimal> value) {
  return value && sign(*value) != 0 ? value : std::nullopt;
}

// [{"asset":"USD","qty":0.3458}]: one entry; should there be more, the first that is not zero counts.
void read_fees(ObjectReader& row, Execution& report) {
  const JsonNode* fees = row.array("fees");
  if (fees == nullptr) return;
  for (const JsonNode& entry : fees->children) {
    ObjectReader fee(entry, row.place() + ".fees");
    const auto paid = fee.need_number("qty");
    const std::string asset = fee.need_text("asset");
    if (const auto& error = fee.error()) return row.fail(error->code, "fees");
    if (report.fee && sign(*report.fee) != 0) continue;
    report.fee = paid;
    report.fee_asset = asset;
  }
}

// What only a fill has.
void read_fill(ObjectReader& row, ExecutionRow& out) {
  Execution& report = out.report;
  report.execution_id = row.need_text("exec_id");
  report.last_quantity = row.need_number("last_qty");
  report.last_price = row.need_number("last_price");
  report.liquidity = liquidity_of(row.text("liquidity_ind"));
  out.trade_id = row.integer("trade_id").value_or(0);
  read_fees(row, report);
  // By the venue, to close a margin position; a fill all the same.
  if (row.boolean("liquidated").value_or(false)) report.reason = "liquidated";
}

void read_order_fields(ObjectReader& row, ExecutionRow& out) {
  Execution& report = out.report;
  out.symbol = row.text("symbol");
  report.order_id = row.need_text("order_id");
  report.client_order_id = row.text("cl_ord_id");
  report.side = side_of(row.text("side"));
  report.order_type = row.text("order_type");
  report.time_in_force = row.text("time_in_force");
  report.price = unless_zero(row.number("limit_price"));
  report.stop_price = unless_zero(row.number("stop_price"));
  report.quantity = unless_zero(row.number("order_qty"));
  report.cumulative_quantity = row.number("cum_qty");
  report.average_price = unless_zero(row.number("avg_price"));
  report.reason = row.text("reason");
}

// {"order_id":"OK4GJX-KSTLS-7DZZO5","exec_id":"TGBB7L-HT5LX-J3BZ4A","exec_type":"trade","trade_id":62887576,
//  "symbol":"BTC/USD","side":"sell","last_qty":0.005,"last_price":26599.9,"liquidity_ind":"t","cum_qty":0.005,...}
Result<ExecutionRow> read_execution(const JsonNode& node, std::string place, bool snapshot) {
  ObjectReader row(node, std::move(place));
  ExecutionRow out;
  Execution& report = out.report;
  read_order_fields(row, out);
  out.exec_type = row.need_text("exec_type");
  const auto kind = kind_of(out.exec_type);
  const std::string status_word = row.text("order_status");
  const auto status = status_of(status_word);
  if (!snapshot && !kind) row.fail(Errc::kWrongType, "exec_type");
  if (!snapshot && !status && !status_word.empty()) row.fail(Errc::kWrongType, "order_status");
  report.kind = kind.value_or(ExecutionKind::kStatus);
  // An open order told again, whatever happened to it last.
  if (snapshot && report.kind != ExecutionKind::kTrade) report.kind = ExecutionKind::kStatus;
  report.status = status.value_or(OrderStatus::kUnspecified);
  if (report.kind == ExecutionKind::kTrade) read_fill(row, out);
  // Nothing of an order on its way to the book is filled; the venue leaves the number out.
  if (report.kind == ExecutionKind::kPendingNew && !report.cumulative_quantity) report.cumulative_quantity.emplace();
  out.time = row.rfc3339("timestamp");
  if (const auto& error = row.error()) return *error;
  return out;
}

std::string wallet_name(std::string_view type, std::string_view id) {
  if (type.empty() && id.empty()) return {};
  return fmt::format("{}/{}", type, id);
}

// {"asset":"MATIC","asset_class":"currency","balance":500,"wallets":[{"type":"spot","id":"main","balance":300},...]}
// The total over the wallets is not passed on: updates are of one wallet and would leave it behind.
std::optional<Error> read_asset(const JsonNode& node, const std::string& place, std::vector<WalletRow>& out) {
  ObjectReader row(node, place);
  const std::string asset = row.need_text("asset");
  const auto total = row.need_number("balance");
  const JsonNode* wallets = row.array("wallets");
  if (row.error()) return row.error();
  if (wallets == nullptr || wallets->children.empty()) {
    out.push_back({asset, "", *total});
    return std::nullopt;
  }
  for (std::size_t i = 0; i < wallets->children.size(); ++i) {
    ObjectReader wallet(wallets->children[i], fmt::format("{}.wallets[{}]", place, i));
    const std::string name = wallet_name(wallet.need_text("type"), wallet.need_text("id"));
    const auto balance = wallet.need_number("balance");
    if (wallet.error()) return wallet.error();
    out.push_back({asset, name, *balance});
  }
  return std::nullopt;
}

// {"ledger_id":"AAICKV-NMQSR-ZO5IJD","ref_id":"AGBB7L-HT5LX-J3BB4A","timestamp":"2023-09-22T10:33:05.710082Z",
//  "type":"trade","asset":"BTC","wallet_type":"spot","wallet_id":"main","amount":-0.005,"fee":0.0,"balance":0.005,...}
std::optional<Error> read_ledger(const JsonNode& node, const std::string& place, std::vector<LedgerRow>& out) {
  ObjectReader row(node, place);
  LedgerRow entry;
  entry.ledger_id = row.need_text("ledger_id");
  entry.ref_id = row.text("ref_id");
  entry.type = row.text("type");
  entry.asset = row.need_text("asset");
  entry.wallet = wallet_name(row.text("wallet_type"), row.text("wallet_id"));
  entry.amount = row.need_number("amount").value_or(WideDecimal{});
  entry.fee = row.number("fee");
  entry.balance = row.need_number("balance").value_or(WideDecimal{});
  entry.time = row.rfc3339("timestamp");
  if (row.error()) return row.error();
  out.push_back(std::move(entry));
  return std::nullopt;
}

std::optional<Error> read_row(const JsonNode& node, const std::string& place, AccountMessage& out) {
  if (out.kind == AccountMessageKind::kBalances) {
    return out.snapshot ? read_asset(node, place, out.wallets) : read_ledger(node, place, out.ledger);
  }
  auto row = read_execution(node, place, out.snapshot);
  if (!row) return row.error();
  out.executions.push_back(std::move(*row));
  return std::nullopt;
}

Result<AccountMessage> read_rows(ObjectReader& frame, AccountMessage out) {
  const std::string type = frame.need_text("type");
  out.snapshot = type == "snapshot";
  if (!out.snapshot && type != "update") frame.fail(Errc::kWrongType, "type");
  out.sequence = frame.need_integer("sequence");
  const JsonNode* data = frame.array("data");
  if (data == nullptr) frame.fail(Errc::kMissingField, "data");
  if (const auto& error = frame.error()) return *error;
  for (std::size_t i = 0; i < data->children.size(); ++i) {
    if (auto error = read_row(data->children[i], fmt::format("data[{}]", i), out)) return *error;
  }
  return out;
}

// {"channel":"status","type":"update","data":[{"api_version":"v2","connection_id":13834774380200032777,
//  "system":"online","version":"2.0.0"}]}
Result<AccountMessage> read_status(ObjectReader& frame, AccountMessage out) {
  const JsonNode* data = frame.array("data");
  if (data == nullptr || data->children.empty()) return Error{Errc::kMissingField, "data"};
  ObjectReader row(data->children.front(), "data[0]");
  out.system = row.need_text("system");
  if (const auto& error = row.error()) return *error;
  return out;
}

// {"method":"subscribe","result":{"channel":"executions","maxratecount":125,...},"success":true,...,"req_id":1}
// {"error":"...","method":"subscribe","req_id":1,"success":false,...}
Result<AccountMessage> read_reply(ObjectReader& frame, const std::string& method, AccountMessage out) {
  out.reply.subscribe = method == "subscribe";
  out.reply.success = frame.boolean("success").value_or(false);
  out.reply.error = frame.text("error");
  out.reply.req_id = frame.integer("req_id");
  if (const JsonNode* result = frame.object("result")) {
    ObjectReader about(*result, "result");
    out.reply.channel = about.text("channel");
    if (const auto& error = about.error()) return *error;
  }
  if (const auto& error = frame.error()) return *error;
  return out;
}

AccountMessageKind kind_of_channel(std::string_view channel) {
  if (channel == "executions") return AccountMessageKind::kExecutions;
  if (channel == "balances") return AccountMessageKind::kBalances;
  if (channel == "heartbeat") return AccountMessageKind::kHeartbeat;
  if (channel == "status") return AccountMessageKind::kStatus;
  return AccountMessageKind::kUnknown;
}

AccountMessageKind kind_of_method(std::string_view method) {
  if (method == "subscribe" || method == "unsubscribe") return AccountMessageKind::kReply;
  if (method == "pong") return AccountMessageKind::kPong;
  return method.empty() ? AccountMessageKind::kUnknown : AccountMessageKind::kForeignReply;
}

}  // namespace

Result<AccountMessage> read_account_message(JsonParser& parser, std::string_view text) {
  const auto root = parse_json(parser, text);
  if (!root) return root.error();
  ObjectReader frame(*root, "");
  AccountMessage out;
  const std::string channel = frame.text("channel");
  const std::string method = frame.text("method");
  if (const auto& error = frame.error()) return *error;
  out.kind = channel.empty() ? kind_of_method(method) : kind_of_channel(channel);
  switch (out.kind) {
    case AccountMessageKind::kExecutions:
    case AccountMessageKind::kBalances:
      return read_rows(frame, std::move(out));
    case AccountMessageKind::kStatus:
      return read_status(frame, std::move(out));
    case AccountMessageKind::kReply:
      return read_reply(frame, method, std::move(out));
    default:
      return out;
  }
}

}  // namespace millrace::normalize::kraken

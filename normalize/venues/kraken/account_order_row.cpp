#include "normalize/account/decimal_math.h"
#include "normalize/venues/kraken/account_answers.h"
#include "normalize/venues/kraken/account_messages.h"
#include "normalize/venues/kraken/account_words.h"

namespace millrace::normalize::kraken {

namespace {

using schemas::Execution;
using schemas::ExecutionKind;
using schemas::OrderStatus;
using schemas::WideDecimal;

// REST's words for the state of an order (sheet, 5.5), and what kind of report tells a consumer of it for the first
// time. "closed" is the end by fills.
struct RestState {
  std::string_view word;
  OrderStatus status;
  ExecutionKind kind;
  bool ended;
};
constexpr RestState kStates[] = {
    {"pending", OrderStatus::kPendingNew, ExecutionKind::kStatus, false},
    {"open", OrderStatus::kNew, ExecutionKind::kStatus, false},
    {"closed", OrderStatus::kFilled, ExecutionKind::kStatus, true},
    {"canceled", OrderStatus::kCancelled, ExecutionKind::kCancelled, true},
    {"expired", OrderStatus::kExpired, ExecutionKind::kExpired, true},
};

const RestState* find_state(std::string_view word) {
  for (const RestState& state : kStates) {
    if (state.word == word) return &state;
  }
  return nullptr;
}

// A price that is a plain number; "0" says none, "+2%" and "#5" are relative.
std::optional<WideDecimal> plain_price(const std::string& text) {
  auto price = schemas::parse_wide_decimal(text);
  return price && sign(*price) != 0 ? price : std::nullopt;
}

// {"pair":"XBTUSDT","type":"buy","ordertype":"limit","price":"29500.0","price2":"0",...}: `price` is the limit of a
// limit order and the trigger of the others, of which those called "...-limit" have their limit in `price2`.
void read_description(ObjectReader& about, Execution& report) {
  report.side = side_of(about.text("type"));
  report.order_type = about.text("ordertype");
  const bool triggered = report.order_type.starts_with("stop-loss") || report.order_type.starts_with("take-profit") ||
                         report.order_type.starts_with("trailing-stop");
  const auto price = plain_price(about.text("price"));
  if (!triggered) {
    report.price = price;
    return;
  }
  report.stop_price = price;
  if (report.order_type.ends_with("-limit")) report.price = plain_price(about.text("price2"));
}

std::optional<UnixNanos> read_time(ObjectReader& row, std::string_view key) { return read_unix_seconds(row.text(key)); }

}  // namespace

// {"status":"canceled","reason":"User requested","opentm":1688583840.8648,"closetm":1688590000.5432,"descr":{...},
//  "vol":"0.50000000","vol_exec":"0.20000000","price":"29500.0","cl_ord_id":null,...}: `price` is the average.
Result<ExecutionRow> read_order_row(const JsonNode& node, std::string place) {
  ObjectReader row(node, std::move(place));
  ExecutionRow out;
  Execution& report = out.report;
  out.exec_type = row.need_text("status");
  const RestState* state = find_state(out.exec_type);
  if (state == nullptr) row.fail(Errc::kWrongType, "status");
  report.order_id = node.key;
  report.client_order_id = row.text("cl_ord_id");
  report.reason = row.text("reason");
  report.quantity = row.need_number("vol");
  report.cumulative_quantity = row.need_number("vol_exec");
  if (const JsonNode* about = row.object("descr")) {
    ObjectReader description(*about, row.place() + ".descr");
    read_description(description, report);
    if (const auto& error = description.error()) return *error;
  }
  if (!report.stop_price) report.stop_price = plain_price(row.text("stopprice"));
  const auto average = row.number("price");
  if (const auto& error = row.error()) return *error;
  const bool has_fills = sign(*report.cumulative_quantity) != 0;
  if (has_fills) report.average_price = average;
  report.kind = state->kind;
  report.status = state->word == "open" && has_fills ? OrderStatus::kPartiallyFilled : state->status;
  out.time = read_time(row, state->ended ? "closetm" : "opentm");
  return out;
}

}  // namespace millrace::normalize::kraken

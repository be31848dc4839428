#include <fmt/format.h>

#include "normalize/venues/binance/account_fields.h"
#include "normalize/venues/binance/account_report.h"

// The readers of balances.
namespace millrace::normalize::binance {
namespace {

using schemas::Balance;
using schemas::BalanceKind;

// Calls read(row) for every element of the array `key` and gathers what it gives.
template <class Read>
Result<std::vector<BalanceReport>> read_rows(const JsonNode* rows, const std::string& place, Read&& read) {
  std::vector<BalanceReport> out;
  if (rows == nullptr || rows->type != JsonNode::Type::kArray) {
    return Error{rows == nullptr ? Errc::kMissingField : Errc::kWrongType, place};
  }
  for (std::size_t at = 0; at < rows->children.size(); ++at) {
    ObjectReader row(rows->children[at], fmt::format("{}[{}]", place, at));
    out.push_back(read(row));
    if (auto error = row.error()) return *std::move(error);
  }
  return out;
}

void set_spot(Balance& body, std::optional<schemas::WideDecimal> free, std::optional<schemas::WideDecimal> locked) {
  if (free && locked) body.total = add(*free, *locked);
  body.available = std::move(free);
  body.locked = std::move(locked);
}

}  // namespace

// {"e":"outboundAccountPosition","E":1564034571105,"u":1564034571073,"B":[{"a":"ETH","f":"10000.000000","l":"0.000000"}]}
Result<std::vector<BalanceReport>> read_account_position(const JsonNode& event) {
  ObjectReader outer(event, "outboundAccountPosition");
  ReportTime time;
  time.happened = read_time(outer, "u", time.bad);
  time.sent = read_time(outer, "E", time.bad);
  const JsonNode* const rows = outer.array("B");
  if (auto error = outer.error()) return *std::move(error);
  return read_rows(rows, "outboundAccountPosition.B", [&](ObjectReader& row) {
    BalanceReport out;
    out.time = time;
    out.body.kind = BalanceKind::kChange;
    out.body.asset = row.need_text("a");
    set_spot(out.body, row.need_number("f"), row.need_number("l"));
    return out;
  });
}

// {"e":"ACCOUNT_UPDATE","E":1564745798939,"T":1564745798938,"a":{"m":"ORDER","B":[{"a":"USDT","wb":"122624.12345678",
//  "cw":"100.12345678","bc":"50.12345678"}],"P":[]}}
// bc leaves out profit and fees (5.2), so for a trade it says 0 whatever changed: absent then. P may come without B.
Result<std::vector<BalanceReport>> read_account_update(const JsonNode& event) {
  ObjectReader outer(event, "ACCOUNT_UPDATE");
  ReportTime time;
  time.happened = read_time(outer, "T", time.bad);
  time.sent = read_time(outer, "E", time.bad);
  const JsonNode* const account = outer.object("a");
  if (account == nullptr) outer.fail(Errc::kMissingField, "a");
  if (auto error = outer.error()) return *std::move(error);
  ObjectReader inner(*account, "ACCOUNT_UPDATE.a");
  const std::string cause = inner.text("m");
  const JsonNode* const rows = inner.array("B");
  if (auto error = inner.error()) return *std::move(error);
  if (rows == nullptr) return std::vector<BalanceReport>{};
  return read_rows(rows, "ACCOUNT_UPDATE.a.B", [&](ObjectReader& row) {
    BalanceReport out;
    out.time = time;
    out.body.kind = BalanceKind::kChange;
    out.body.asset = row.need_text("a");
    out.body.total = row.need_number("wb");
    out.body.change = number_if_any(row, "bc");
    out.body.cause = cause;
    return out;
  });
}

// {"e":"balanceUpdate","E":1573200697110,"a":"BTC","d":"100.00000000","T":1573200697068}
// externalLockUpdate has the same members; what it changes is locked outside, which no other message tells.
Result<std::vector<BalanceReport>> read_balance_delta(const JsonNode& event) {
  ObjectReader row(event, "delta");
  BalanceReport out;
  out.body.kind = BalanceKind::kDelta;
  out.body.cause = row.need_text("e");
  out.body.asset = row.need_text("a");
  out.body.change = row.need_number("d");
  if (out.body.cause == "externalLockUpdate") out.body.wallet = "external-lock";
  out.time.happened = read_time(row, "T", out.time.bad);
  out.time.sent = read_time(row, "E", out.time.bad);
  out.body.event_id = fmt::format("{}/{}/{}", out.body.cause, row.text("T"), row.text("d"));
  if (auto error = row.error()) return *std::move(error);
  return std::vector<BalanceReport>{std::move(out)};
}

// {"updateTime":123456789,"balances":[{"asset":"BTC","free":"4723846.89208129","locked":"0.00000000"}]}
Result<std::vector<BalanceReport>> read_spot_account(const JsonNode& answer) {
  ObjectReader outer(answer, "account");
  ReportTime time;
  time.happened = read_time(outer, "updateTime", time.bad);
  const JsonNode* const rows = outer.array("balances");
  if (auto error = outer.error()) return *std::move(error);
  return read_rows(rows, "account.balances", [&](ObjectReader& row) {
    BalanceReport out;
    out.time = time;
    out.body.kind = BalanceKind::kSnapshot;
    out.body.asset = row.need_text("asset");
    set_spot(out.body, row.need_number("free"), row.need_number("locked"));
    return out;
  });
}

// [{"asset":"USDT","balance":"122607.35137903","crossWalletBalance":"23.72469206","availableBalance":"23.72469206",
//   "updateTime":1617939110373}]
Result<std::vector<BalanceReport>> read_futures_balance(const JsonNode& answer) {
  return read_rows(&answer, "balance", [](ObjectReader& row) {
    BalanceReport out;
    out.body.kind = BalanceKind::kSnapshot;
    out.body.asset = row.need_text("asset");
    out.body.total = row.need_number("balance");
    out.body.available = row.number("availableBalance");
    out.time.happened = read_time(row, "updateTime", out.time.bad);
    return out;
  });
}

}  // namespace millrace::normalize::binance

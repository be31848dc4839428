#include "normalize/venues/coinbase/account_advanced_fills.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/multiprecision/cpp_int.hpp>
#include <map>

#include "normalize/account/decimal_math.h"
#include "normalize/account/orders.h"
#include "normalize/venues/coinbase/account_text.h"
#include "schemas/events/time.h"

namespace millrace::normalize::coinbase {
namespace {

using boost::multiprecision::cpp_int;
using schemas::ExecutionKind;
using schemas::WideDecimal;

constexpr UnixNanos kBefore = kSecond;       // sequenced before it was made: clocks
constexpr UnixNanos kBehind = 60 * kSecond;  // sequenced so long after
constexpr std::string_view kFills = "/api/v3/brokerage/orders/historical/fills";
constexpr int kFirstCorrection = 3;  // Execution::revision

std::string trade_key(const AdvancedFill& fill) { return fill.order_id + "/" + fill.trade_id; }

// A plain decimal's digits, and how many of them stand behind the point.
struct Digits {
  cpp_int number;
  std::size_t decimals = 0;
};
Digits digits_of(const WideDecimal& value) {
  std::string text = plain_text(value);
  const std::size_t point = text.find('.');
  if (point == std::string::npos) return {cpp_int(text), 0};
  text.erase(point, 1);
  const std::size_t first = text.find_first_not_of('0');  // a leading zero would read as octal
  return {first == std::string::npos ? cpp_int(0) : cpp_int(text.substr(first)), text.size() - point};
}

cpp_int power_of_ten(std::size_t exponent) {
  return boost::multiprecision::pow(cpp_int(10), static_cast<unsigned>(exponent));
}

FoundFill found(const AdvancedFill& row, const std::string& id) {
  FoundFill fill;
  fill.symbol = row.product;
  fill.instrument = instrument_of(row.product);
  fill.venue_time = row.time;
  fill.execution.kind = ExecutionKind::kTrade;
  fill.execution.event_id = id;
  fill.execution.order_id = row.order_id;
  fill.execution.execution_id = row.entry_id;
  fill.execution.side = row.side;
  fill.execution.last_price = row.price;
  fill.execution.last_quantity = row.size_in_quote ? exact_quotient(row.size, row.price) : row.size;
  if (!fill.execution.last_quantity) fill.execution.reason = "size_in_quote " + plain_text(row.size);
  fill.execution.fee = row.commission;
  if (row.commission) fill.execution.fee_asset = quote_of(row.product);
  fill.execution.liquidity = row.liquidity;
  return fill;
}

}  // namespace

std::optional<WideDecimal> exact_quotient(const WideDecimal& quote, const WideDecimal& price) {
  constexpr std::size_t kDecimals = 30;
  const Digits above = digits_of(quote);
  const Digits below = digits_of(price);
  const cpp_int divisor = below.number * power_of_ten(above.decimals);
  const cpp_int dividend = above.number * power_of_ten(below.decimals + kDecimals);
  if (sign(quote) < 0 || sign(price) <= 0 || dividend % divisor != 0) return std::nullopt;
  std::string text = cpp_int(dividend / divisor).str();
  if (text.size() <= kDecimals) text.insert(0, kDecimals + 1 - text.size(), '0');
  text.insert(text.size() - kDecimals, 1, '.');
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return schemas::parse_wide_decimal(text);
}

AdvancedFillWalk::AdvancedFillWalk(std::string_view venue, std::string_view account, SweepRange range)
    : venue_(venue), account_(account), range_(std::move(range)) {}

PrivateRequest AdvancedFillWalk::request() const {
  PrivateRequest request;
  request.key = "fills";
  request.target = fmt::format("{}?start_sequence_timestamp={}&end_sequence_timestamp={}&limit={}", kFills,
                               query_text(rfc3339_text(std::max<UnixNanos>(range_.from - kBefore, 0))),
                               query_text(rfc3339_text(range_.to + kBehind)), kAdvancedFillsPage);
  if (!range_.symbol.empty()) request.target += fmt::format("&product_ids={}", query_text(range_.symbol));
  if (!cursor_.empty()) request.target += fmt::format("&cursor={}", query_text(cursor_));
  return request;
}

PrivateRequest AdvancedFillWalk::begin() {
  cursor_.clear();
  all_read_ = false;
  unseen_.clear();
  corrections_.clear();
  entries_.clear();
  return request();
}

Result<std::optional<PrivateRequest>> AdvancedFillWalk::on_page(const PrivateAnswer& answer,
                                                                std::vector<FoundFill>& fills) {
  const auto node = parse_json(parser_, answer.body);
  const auto page = node ? read_advanced_fills(*node) : node.error();
  if (!page) return page.error();
  if (!page->cursor.empty() && (page->cursor == cursor_ || page->rows.empty())) {
    return Error{Errc::kSequenceGap, "cursor"};
  }
  for (const AdvancedFill& row : page->rows) {
    if (row.type == TradeType::kFill) entries_[trade_key(row)] = row.entry_id;
    if (all_read_) continue;
    if (row.type == TradeType::kFill) {
      fills.push_back(found(row, event_id(venue_, account_, row.order_id, row.entry_id)));
    } else {
      corrections_.push_back(row);
    }
  }
  cursor_ = page->cursor;
  if (!all_read_ && !cursor_.empty()) return std::optional(request());
  if (auto next = ask_corrected()) return std::optional(std::move(*next));
  tell_corrections(fills);
  return std::optional<PrivateRequest>();
}

// One trade at a time: corrections are rare.
std::optional<PrivateRequest> AdvancedFillWalk::ask_corrected() {
  if (!std::exchange(all_read_, true)) {
    for (const AdvancedFill& row : corrections_) {
      const bool asked = std::find(unseen_.begin(), unseen_.end(), row.trade_id) != unseen_.end();
      if (!row.trade_id.empty() && !asked && !entries_.contains(trade_key(row))) unseen_.push_back(row.trade_id);
    }
  }
  if (unseen_.empty()) return std::nullopt;
  PrivateRequest request;
  request.key = "fills";
  request.target = fmt::format("{}?trade_ids={}&limit={}", kFills, query_text(unseen_.back()), kAdvancedFillsPage);
  unseen_.pop_back();
  cursor_.clear();
  return request;
}

// Oldest first, so that revisions rise.
void AdvancedFillWalk::tell_corrections(std::vector<FoundFill>& fills) {
  std::map<std::string, int> revisions;
  for (auto row = corrections_.rbegin(); row != corrections_.rend(); ++row) {
    const auto entry = entries_.find(trade_key(*row));
    const std::string meant = entry != entries_.end() ? entry->second : row->entry_id;
    FoundFill correction = found(*row, event_id(venue_, account_, row->order_id, meant));
    correction.execution.kind =
        row->type == TradeType::kReversal ? ExecutionKind::kTradeCancel : ExecutionKind::kTradeCorrection;
    correction.execution.revision = kFirstCorrection + revisions[correction.execution.event_id]++;
    fills.push_back(std::move(correction));
  }
  corrections_.clear();
}

}  // namespace millrace::normalize::coinbase

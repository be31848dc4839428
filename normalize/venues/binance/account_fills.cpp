#include "normalize/venues/binance/account_fills.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "normalize/account/orders.h"
#include "normalize/venues/binance/message_reader.h"

namespace millrace::normalize::binance {
namespace {

std::int64_t millis_at_or_after(UnixNanos time) { return time / kNanosPerMilli + (time % kNanosPerMilli > 0 ? 1 : 0); }

}  // namespace

// Times are told in ms: the range begins with the ms that holds its first ns, and is asked for to the ms after its
// last.
SymbolFills::SymbolFills(const AccountConfig& config, std::string account, SweepRange range, int page)
    : config_(config),
      account_(std::move(account)),
      range_(std::move(range)),
      page_(page == 0 ? static_cast<std::size_t>(config.capabilities.fills_page)
                      : static_cast<std::size_t>(std::max(page, 2))),
      end_ms_(std::max(millis_at_or_after(range_.to), config.fills_begin_ms)),
      window_from_ms_(std::max(range_.from / kNanosPerMilli, config.fills_begin_ms)) {}

PrivateRequest SymbolFills::ask(std::string query) const {
  PrivateRequest request;
  request.key = "fills/" + range_.symbol;
  request.target =
      fmt::format("{}?symbol={}&{}&limit={}", config_.fills_path, percent_encoded(range_.symbol), query, page_);
  request.weight = config_.fills_weight;
  return request;
}

PrivateRequest SymbolFills::ask_window(std::int64_t from_ms, std::int64_t to_ms) const {
  return ask(fmt::format("startTime={}&endTime={}", from_ms, to_ms));
}

PrivateRequest SymbolFills::ask_page(std::int64_t from_id) {
  step_ = Step::kPages;
  return ask(fmt::format("fromId={}", from_id));
}

PrivateRequest SymbolFills::begin() {
  window_to_ms_ = std::min(end_ms_, window_from_ms_ + config_.fills_window_ms);
  return ask_window(window_from_ms_, std::max(window_from_ms_, window_to_ms_));
}

Result<std::vector<FillRow>> SymbolFills::read_rows(std::string_view body) {
  const auto tree = parse_json(parser_, body);
  if (!tree) return tree.error();
  if (tree->type != JsonNode::Type::kArray) return Error{Errc::kWrongType, "fills"};
  std::vector<FillRow> rows;
  for (std::size_t at = 0; at < tree->children.size(); ++at) {
    const std::string place = fmt::format("fills[{}]", at);
    auto row = read_fill_row(tree->children[at], place);
    if (!row) return row.error();
    if (row->symbol != range_.symbol) return Error{Errc::kUnknownInstrument, place + ".symbol"};
    if (!rows.empty() && row->trade_id < rows.back().trade_id) return Error{Errc::kSequenceGap, place + ".id"};
    rows.push_back(*std::move(row));
  }
  return rows;
}

void SymbolFills::keep(std::vector<FillRow>& rows, std::vector<FoundFill>& fills) const {
  const UnixNanos from = range_.from - range_.from % kNanosPerMilli;
  for (FillRow& row : rows) {
    if (row.time < from || row.time > range_.to) continue;
    row.body.event_id = event_id(config_.name, account_, row.body.order_id, row.id);
    fills.push_back({std::move(row.symbol), {}, row.time, std::move(row.body)});
  }
}

Result<std::optional<PrivateRequest>> SymbolFills::on_page(const PrivateAnswer& answer, std::vector<FoundFill>& fills) {
  auto rows = read_rows(answer.body);
  if (!rows) return rows.error();
  Next next = step_ == Step::kWindow  ? after_window(*rows)
              : step_ == Step::kProof ? after_proof(*rows)
                                      : after_page(*rows);
  if (next) keep(*rows, fills);
  return next;
}

// Windows overlap in their last ms: the venue may know its times more finely than it tells them.
Result<std::optional<PrivateRequest>> SymbolFills::after_window(const std::vector<FillRow>& rows) {
  if (rows.empty()) {
    if (window_to_ms_ >= end_ms_) return std::optional<PrivateRequest>();
    window_from_ms_ = window_to_ms_;
    return std::optional(begin());
  }
  first_id_ = rows.front().trade_id;
  last_id_ = rows.back().trade_id;
  if (rows.size() >= page_) {
    step_ = Step::kProof;
    return std::optional(ask_window(window_from_ms_, std::max(window_from_ms_, rows.front().time / kNanosPerMilli)));
  }
  if (window_to_ms_ >= end_ms_) return std::optional<PrivateRequest>();
  return std::optional(ask_page(last_id_));
}

// No page of documentation says that a full answer holds a window's first fills rather than its last.
Result<std::optional<PrivateRequest>> SymbolFills::after_proof(const std::vector<FillRow>& rows) {
  if (rows.empty() || rows.front().trade_id != first_id_) {
    return Error{Errc::kSequenceGap, "fills: there are earlier ones than on the first page"};
  }
  return std::optional(ask_page(last_id_));
}

Result<std::optional<PrivateRequest>> SymbolFills::after_page(const std::vector<FillRow>& rows) {
  if (overlap_ && (rows.empty() || rows.front().trade_id != last_id_)) {
    return Error{Errc::kSequenceGap, "fills: the page does not begin with the last fill of the one before"};
  }
  if (rows.size() < page_ || rows.back().time > range_.to) return std::optional<PrivateRequest>();
  // A full page of one trade: it has no third side.
  overlap_ = rows.back().trade_id != last_id_;
  last_id_ = rows.back().trade_id;
  return std::optional(ask_page(overlap_ ? last_id_ : last_id_ + 1));
}

}  // namespace millrace::normalize::binance

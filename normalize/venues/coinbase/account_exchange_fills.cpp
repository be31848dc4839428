#include "normalize/venues/coinbase/account_exchange_fills.h"

#include <fmt/format.h>

#include <limits>

#include "normalize/venues/coinbase/account_exchange_messages.h"
#include "normalize/venues/coinbase/account_exchange_orders.h"
#include "normalize/venues/coinbase/account_text.h"

namespace millrace::normalize::coinbase {
namespace {

using schemas::ExecutionKind;

FoundFill found(const FillRow& row, std::string_view venue, std::string_view account) {
  FoundFill fill;
  fill.symbol = row.product;
  fill.instrument = instrument_of(row.product);
  fill.venue_time = row.time;
  fill.execution.kind = ExecutionKind::kTrade;
  fill.execution.event_id = exchange_fill_id(venue, account, row.order_id, row.product, row.trade_id);
  fill.execution.order_id = row.order_id;
  fill.execution.execution_id = std::to_string(row.trade_id);
  fill.execution.side = row.side;
  fill.execution.last_price = row.price;
  fill.execution.last_quantity = row.size;
  fill.execution.fee = row.fee;
  if (row.fee) fill.execution.fee_asset = quote_of(row.product);
  fill.execution.liquidity = row.liquidity;
  return fill;
}

// Trade ids must fall, and stay below what was asked for.
std::optional<Error> order_error(const std::vector<FillRow>& rows, std::optional<std::int64_t> after) {
  std::int64_t highest = after ? *after - 1 : std::numeric_limits<std::int64_t>::max();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].trade_id > highest) return Error{Errc::kSequenceGap, fmt::format("fills[{}].trade_id", i)};
    highest = rows[i].trade_id;
  }
  return std::nullopt;
}

}  // namespace

ExchangeFillWalk::ExchangeFillWalk(std::string_view venue, std::string_view account, SweepRange range)
    : venue_(venue), account_(account), range_(std::move(range)) {}

PrivateRequest ExchangeFillWalk::request() const {
  PrivateRequest request;
  request.key = "fills";
  request.target = fmt::format("/fills?product_id={}&limit={}", query_text(range_.symbol), kExchangeFillsPage);
  if (after_) request.target += fmt::format("&after={}", *after_);
  return request;
}

PrivateRequest ExchangeFillWalk::begin() {
  after_.reset();
  return request();
}

// A page is the last one if it is empty or reaches behind the range; a short one is not, since the venue may give less
// than was asked for.
Result<std::optional<PrivateRequest>> ExchangeFillWalk::on_page(const PrivateAnswer& answer,
                                                                std::vector<FoundFill>& fills) {
  const auto rows = read_rows(parser_, answer.body, "fills", read_fill);
  if (!rows) return rows.error();
  if (const auto error = order_error(*rows, after_)) return *error;
  for (const FillRow& row : *rows) {
    if (row.time >= range_.from && row.time <= range_.to) fills.push_back(found(row, venue_, account_));
  }
  if (rows->empty() || rows->back().time < range_.from) return std::optional<PrivateRequest>();
  const std::int64_t last = rows->back().trade_id;
  // A page of one trade alone must not be asked for again and again.
  const bool stuck = after_ && *after_ == last + 1;
  after_ = stuck ? last : last + 1;
  return std::optional(request());
}

}  // namespace millrace::normalize::coinbase

#include "normalize/venues/alpaca/account_fills.h"

#include <fmt/format.h>

#include <algorithm>

#include "normalize/venues/alpaca/account_messages.h"
#include "normalize/venues/alpaca/account_orders.h"
#include "normalize/venues/alpaca/account_text.h"

namespace millrace::normalize::alpaca {
namespace {

constexpr UnixNanos kHour = 3'600'000'000'000;
constexpr UnixNanos kDay = 24 * kHour;
constexpr UnixNanos kNewYork = 5 * kHour;  // at most so far behind UTC

FoundFill found(const FillRow& row, std::string_view venue, std::string_view account) {
  FoundFill fill;
  fill.symbol = row.symbol;
  fill.instrument = instrument_of(row.symbol);
  fill.venue_time = row.time;
  fill.execution.kind = row.busted ? schemas::ExecutionKind::kTradeCancel : schemas::ExecutionKind::kTrade;
  if (row.busted) fill.execution.revision = 3;
  fill.execution.status = row.status;
  fill.execution.event_id = fill_id(venue, account, row.order_id, row.cumulative);
  fill.execution.order_id = row.order_id;
  fill.execution.execution_id = row.id;
  fill.execution.side = row.side;
  fill.execution.last_price = row.price;
  fill.execution.last_quantity = row.quantity;
  fill.execution.cumulative_quantity = row.cumulative;
  fill.execution.leaves_quantity = row.leaves;
  return fill;
}

}  // namespace

FillWalkByDate::FillWalkByDate(std::string_view venue, std::string_view account, SweepRange range)
    : venue_(venue), account_(account), range_(std::move(range)) {}

PrivateRequest FillWalkByDate::request() const {
  PrivateRequest request;
  request.key = "fills";
  request.target = fmt::format("/v2/account/activities/FILL?date={}&direction=asc", date_text(day_));
  return request;
}

PrivateRequest FillWalkByDate::begin() {
  const UnixNanos first = std::max<UnixNanos>(range_.from - kNewYork, 0);
  day_ = first - first % kDay;
  return request();
}

Result<std::optional<PrivateRequest>> FillWalkByDate::on_page(const PrivateAnswer& answer,
                                                              std::vector<FoundFill>& fills) {
  const auto list = parse_json(parser_, answer.body);
  const auto rows = list ? read_rows(*list, "fills", read_fill) : list.error();
  if (!rows) return rows.error();
  for (std::size_t i = 0; i < rows->size(); ++i) {
    const UnixNanos time = (*rows)[i].time;
    if (time < day_ || time >= day_ + kDay + kNewYork) {
      return Error{Errc::kSequenceGap, fmt::format("fills[{}].transaction_time is not of the date asked for", i)};
    }
  }
  for (const FillRow& row : *rows) {
    const bool wanted = row.time >= range_.from && row.time <= range_.to;
    if (wanted && (range_.symbol.empty() || range_.symbol == row.symbol)) {
      fills.push_back(found(row, venue_, account_));
    }
  }
  day_ += kDay;
  if (day_ > range_.to) return std::optional<PrivateRequest>();
  return std::optional(request());
}

}  // namespace millrace::normalize::alpaca

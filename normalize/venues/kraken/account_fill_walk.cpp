#include "normalize/venues/kraken/account_fill_walk.h"

#include <fmt/format.h>

#include <iterator>

#include "normalize/venues/kraken/account_answers.h"
#include "normalize/venues/kraken/account_executions.h"
#include "normalize/venues/kraken/account_words.h"
#include "schemas/events/time.h"

namespace millrace::normalize::kraken {

namespace {

// REST rounds times to four decimals, so a fill may stand this far from the stream's time of it.
constexpr std::int64_t kRounding = 100'000;
constexpr int kHistoryWeight = 4;

std::int64_t floor_second(UnixNanos time) { return (time - (time % kSecond + kSecond) % kSecond) / kSecond; }

// Whole seconds that hold the range for sure: `start` is exclusive and `end` inclusive, and that decimals are heeded is
// not documented. What lies outside is left out by us.
std::string form_of(const SweepRange& range, std::size_t offset) {
  const std::int64_t start = floor_second(range.from - kRounding - 1);
  const std::int64_t end = floor_second(range.to + kRounding) + 1;
  return fmt::format("type=all&consolidate_taker=false&start={}&end={}&ofs={}", start < 0 ? 0 : start, end, offset);
}

}  // namespace

KrakenFillWalk::KrakenFillWalk(std::string account, SweepRange range)
    : account_(std::move(account)), range_(std::move(range)) {}

PrivateRequest KrakenFillWalk::begin() {
  PrivateRequest request;
  request.key = expected_key_ = "pairs";
  request.target = "/0/public/AssetPairs";
  request.signing = Signing::kNone;
  return request;
}

PrivateRequest KrakenFillWalk::page_at(std::size_t offset) {
  offset_ = offset;
  PrivateRequest request;
  request.key = expected_key_ = fmt::format("fills/{}", offset);
  request.method = "POST";
  request.target = "/0/private/TradesHistory";
  request.body = form_of(range_, offset);
  request.weight = kHistoryWeight;
  return request;
}

Result<std::optional<PrivateRequest>> KrakenFillWalk::on_page(const PrivateAnswer& answer,
                                                              std::vector<FoundFill>& fills) {
  if (answer.key != expected_key_) {
    return Error{Errc::kSequenceGap, fmt::format("answer {} in place of {}", answer.key, expected_key_)};
  }
  if (expected_key_ != "pairs") return read_page(answer.body, fills);
  if (auto read = pairs_.read(answer.body); !read) return read.error();
  return page_at(0);
}

// {"error":[],"result":{"count":2,"trades":{"TCCCTY-WJ6EO-4FP4VZ":{...},...}}}
Result<std::optional<PrivateRequest>> KrakenFillWalk::read_page(std::string_view body, std::vector<FoundFill>& fills) {
  const auto result = read_result(parser_, body);
  if (!result) return result.error();
  ObjectReader page(*result, "result");
  const std::int64_t count = page.need_integer("count");
  const JsonNode* trades = page.object("trades");
  if (trades == nullptr) page.fail(Errc::kMissingField, "trades");
  if (count < 0) page.fail(Errc::kBadNumber, "count");
  if (const auto& error = page.error()) return *error;
  std::vector<FoundFill> read;
  for (const JsonNode& row : trades->children) {
    auto fill = read_fill(row);
    if (!fill) return fill.error();
    ids_.insert(row.key);
    if (in_range(*fill)) read.push_back(std::move(*fill));
  }
  fills.insert(fills.end(), std::make_move_iterator(read.begin()), std::make_move_iterator(read.end()));
  return next_page(trades->children.size(), static_cast<std::size_t>(count));
}

Result<std::optional<PrivateRequest>> KrakenFillWalk::next_page(std::size_t rows, std::size_t count) {
  if (!count_) count_ = count;
  const bool same = count == *count_;
  if (same && ids_.size() == count) return std::optional<PrivateRequest>{};
  if (same && rows > 0 && offset_ + rows < count) return page_at(offset_ + rows);
  if (restarts_++ == kMostRestarts) {
    return Error{Errc::kSequenceGap,
                 fmt::format("result.count: {} rows of {}, at first {}", ids_.size(), count, *count_)};
  }
  ids_.clear();
  count_.reset();
  return page_at(0);
}

bool KrakenFillWalk::in_range(const FoundFill& fill) const {
  return fill.venue_time >= range_.from - kRounding && fill.venue_time <= range_.to + kRounding;
}

// {"ordertxid":"O26VBY-ISGAE-JP5TLU","pair":"XBTUSDT","time":1688585840.8921,"type":"buy","ordertype":"limit",
//  "price":"29500.50","cost":"14750.25","fee":"23.60","vol":"0.50000000","trade_id":1001,"maker":true,...}
// The fee stays out: the row does not say of which asset it is, and the stream does.
Result<FoundFill> KrakenFillWalk::read_fill(const JsonNode& node) const {
  ObjectReader row(node, fmt::format("result.trades.{}", node.key));
  FoundFill fill;
  schemas::Execution& found = fill.execution;
  found.kind = schemas::ExecutionKind::kTrade;
  found.execution_id = node.key;
  found.order_id = row.need_text("ordertxid");
  found.client_order_id = row.text("cl_ord_id");
  found.side = side_of(row.need_text("type"));
  found.order_type = row.text("ordertype");
  found.last_price = row.need_number("price");
  found.last_quantity = row.need_number("vol");
  if (const auto maker = row.boolean("maker")) {
    found.liquidity = *maker ? schemas::Liquidity::kMaker : schemas::Liquidity::kTaker;
  }
  const auto time = read_unix_seconds(row.need_text("time"));
  if (!time) row.fail(Errc::kBadTime, "time");
  fill.symbol = pairs_.symbol_of(row.need_text("pair"));
  fill.instrument = instrument_of(fill.symbol);
  if (const auto& error = row.error()) return *error;
  if (found.side == schemas::Side::kUnspecified) return Error{Errc::kWrongType, row.place() + ".type"};
  fill.venue_time = *time;
  found.event_id = fill_id(account_, found.order_id, found.execution_id);
  return fill;
}

}  // namespace millrace::normalize::kraken

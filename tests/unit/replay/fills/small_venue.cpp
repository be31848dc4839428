#include "tests/unit/replay/fills/small_venue.h"

#include <algorithm>
#include <sstream>

#include "normalize/account/orders.h"

namespace millrace::fills::test {
namespace {

using normalize::Errc;
using normalize::Error;
using normalize::FoundFill;
using normalize::Judgement;
using normalize::PrivateAnswer;
using normalize::PrivateRequest;
using normalize::Verdict;
using schemas::UnixNanos;

std::vector<std::string> split(const std::string& text, char mark) {
  std::vector<std::string> parts;
  std::stringstream stream(text);
  for (std::string part; std::getline(stream, part, mark);) parts.push_back(part);
  return parts;
}

// "/fills/SYMBOL/FROM/TO/OFFSET"
std::string target_of(const normalize::SweepRange& range, std::size_t offset) {
  return "/fills/" + range.symbol + "/" + std::to_string(range.from) + "/" + std::to_string(range.to) + "/" +
         std::to_string(offset);
}

class SmallWalk final : public normalize::FillWalk {
 public:
  SmallWalk(normalize::SweepRange range, std::size_t page_size) : range_(std::move(range)), page_size_(page_size) {}

  PrivateRequest begin() override { return request(); }

  normalize::Result<std::optional<PrivateRequest>> on_page(const PrivateAnswer& answer,
                                                           std::vector<FoundFill>& fills) override {
    const std::vector<std::string> lines = split(std::string(answer.body), '\n');
    if (lines.empty() || lines.back() != "END") return Error{Errc::kBadJson, "the page is cut"};
    for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
      const std::vector<std::string> row = split(lines[i], '|');
      LedgerFill fill{row[0], row[1], row[2], std::stoll(row[3]), 0, row[4], row[5], row[6] == "-" ? "" : row[6]};
      fill.kind = static_cast<schemas::ExecutionKind>(std::stoi(row[7]));
      fills.push_back(found(fill));
    }
    if (lines.size() - 1 < page_size_) return std::nullopt;
    offset_ += page_size_;
    return request();
  }

 private:
  PrivateRequest request() const {
    PrivateRequest next;
    next.key = "fills/" + range_.symbol;
    next.target = target_of(range_, offset_);
    return next;
  }

  const normalize::SweepRange range_;
  const std::size_t page_size_;
  std::size_t offset_ = 0;
};

}  // namespace

FoundFill found(const LedgerFill& fill) {
  FoundFill row;
  row.symbol = fill.symbol;
  row.instrument = fill.symbol;
  row.venue_time = fill.time;
  row.execution.kind = fill.kind;
  row.execution.order_id = fill.order_id;
  row.execution.execution_id = fill.trade_id;
  row.execution.event_id = normalize::event_id("small", "main", fill.order_id, fill.symbol + "/" + fill.trade_id);
  row.execution.side = schemas::Side::kBuy;
  row.execution.last_quantity = schemas::parse_wide_decimal(fill.quantity);
  row.execution.last_price = schemas::parse_wide_decimal(fill.price);
  if (!fill.fee.empty()) row.execution.fee = schemas::parse_wide_decimal(fill.fee);
  return row;
}

SmallVenue::SmallVenue(bool per_symbol) { capabilities_.fills_per_symbol = per_symbol; }

std::unique_ptr<normalize::AccountAdapter> SmallVenue::make_adapter(std::string, std::vector<std::string>) const {
  return nullptr;  // it has no stream
}

std::unique_ptr<normalize::FillWalk> SmallVenue::walk_fills(std::string, normalize::SweepRange range) const {
  return std::make_unique<SmallWalk>(std::move(range), page_size);
}

Judgement SmallVenue::judge(const PrivateAnswer& answer) const {
  Judgement judgement;
  judgement.detail = answer.status == 200 ? "" : "status " + std::to_string(answer.status);
  switch (answer.status) {
    case 200:
      break;
    case 429:
      judgement.verdict = Verdict::kRateLimited;
      if (answer.body.starts_with("wait ")) judgement.wait_ns = std::stoll(std::string(answer.body.substr(5)));
      break;
    case 401:
      judgement.verdict = Verdict::kAuth;
      break;
    case 408:
      judgement.verdict = Verdict::kClock;
      break;
    case 409:
      judgement.verdict = Verdict::kNonce;
      break;
    case 498:
      judgement.verdict = Verdict::kToken;
      break;
    case 400:
      judgement.verdict = Verdict::kRefused;
      break;
    default:
      judgement.verdict = Verdict::kTransient;
  }
  return judgement;
}

PrivateRequest SmallVenue::time_request() const {
  PrivateRequest request;
  request.key = "time";
  request.target = "/time";
  request.signing = normalize::Signing::kNone;
  return request;
}

normalize::Result<UnixNanos> SmallVenue::read_time(const PrivateAnswer& answer) const {
  if (answer.body.empty()) return Error{Errc::kBadTime, "time"};
  return std::stoll(std::string(answer.body));
}

std::string SmallVenue::page(const std::string& target, const std::vector<LedgerFill>& ledger,
                             UnixNanos venue_now) const {
  const std::vector<std::string> parts = split(target, '/');  // "", "fills", SYMBOL, FROM, TO, OFFSET
  std::vector<LedgerFill> rows;
  for (const LedgerFill& fill : ledger) {
    const bool shown =
        fill.shown_at <= venue_now && fill.time >= std::stoll(parts[3]) && fill.time <= std::stoll(parts[4]);
    if (shown && (parts[2].empty() || parts[2] == fill.symbol)) rows.push_back(fill);
  }
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.time < b.time; });
  std::string body;
  const std::size_t offset = std::stoul(parts[5]);
  for (std::size_t i = offset; i < std::min(rows.size(), offset + page_size); ++i) {
    const LedgerFill& row = rows[i];
    body += row.trade_id + "|" + row.symbol + "|" + row.order_id + "|" + std::to_string(row.time) + "|" + row.quantity +
            "|" + row.price + "|" + (row.fee.empty() ? "-" : row.fee) + "|" +
            std::to_string(static_cast<int>(row.kind)) + "\n";
  }
  return body + "END";
}

}  // namespace millrace::fills::test

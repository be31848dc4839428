#include "replay/fills/fill_batch.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace millrace::fills {
namespace {

using normalize::FoundFill;
using schemas::ExecutionKind;

// The same row again has the same text.
std::string row_text(const FoundFill& fill) {
  const FillContent content = content_of(fill.symbol, fill.execution);
  std::string text = identity(fill.execution);
  for (const std::uint64_t part : {static_cast<std::uint64_t>(fill.execution.kind), content.core, content.fee,
                                   content.fee_asset, static_cast<std::uint64_t>(content.liquidity)}) {
    text.append("\n").append(std::to_string(part));
  }
  return text;
}

bool is_before(const Outgoing& a, const Outgoing& b) {
  const FoundFill& x = a.fill;
  const FoundFill& y = b.fill;
  return std::tie(x.venue_time, x.execution.event_id, x.execution.kind) <
         std::tie(y.venue_time, y.execution.event_id, y.execution.kind);
}

}  // namespace

void FillBatch::clear() {
  fills_.clear();
  seen_.clear();
  read_ = 0;
  contradictions_ = 0;
}

void FillBatch::take(std::vector<FoundFill> rows, UnixNanos from, UnixNanos to, UnixNanos received) {
  for (FoundFill& row : rows) {
    const bool within = row.venue_time <= 0 || (row.venue_time >= from && row.venue_time <= to);
    if (!within) continue;
    ++read_;
    const KnownIds::Judgement judgement = known_.judge(row);
    if (judgement.finding == Finding::kKnown) {
      contradictions_ += judgement.contradiction ? 1 : 0;
      continue;
    }
    if (seen_.insert(row_text(row)).second) fills_.push_back({std::move(row), received, judgement.finding});
  }
}

// A second row of an id is judged by the first, as if that were in the topic: it will be, before the second.
std::vector<Outgoing> FillBatch::settle() {
  std::vector<Outgoing> fills = std::exchange(fills_, {});
  seen_.clear();
  std::sort(fills.begin(), fills.end(), is_before);
  KnownIds ahead(fills.size() + 1);
  std::vector<Outgoing> outgoing;
  for (Outgoing& found : fills) {
    FoundFill& fill = found.fill;
    const KnownIds& judges = ahead.contains(fill.execution) ? ahead : known_;
    const KnownIds::Judgement judgement = judges.judge(fill);
    contradictions_ += judgement.contradiction ? 1 : 0;
    if (judgement.finding == Finding::kKnown) continue;
    fill.execution.revision = judgement.revision;
    if (judgement.finding == Finding::kCorrection && fill.execution.kind == ExecutionKind::kTrade) {
      fill.execution.kind = ExecutionKind::kTradeCorrection;
    }
    ahead.add(fill.symbol, fill.venue_time, fill.execution);
    found.finding = judgement.finding;
    outgoing.push_back(std::move(found));
  }
  return outgoing;
}

}  // namespace millrace::fills

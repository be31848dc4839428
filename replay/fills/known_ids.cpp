#include "replay/fills/known_ids.h"

#include <algorithm>
#include <functional>
#include <optional>

#include "normalize/account/decimal_math.h"
#include "replay/fills/planted.h"

namespace millrace::fills {
namespace {

using schemas::Execution;
using schemas::ExecutionKind;
using schemas::Liquidity;

// Never 0, which says that there is none.
std::uint64_t digest(std::string_view text) { return std::hash<std::string_view>{}(text) | 1; }

std::string number_text(const std::optional<schemas::WideDecimal>& value) {
  return value ? normalize::plain_text(*value) : std::string();
}

// Do two copies that may each lack this say the same?
bool agree(std::uint64_t a, std::uint64_t b) { return a == 0 || b == 0 || a == b; }

// How much of what may be absent is there; false if `more` lacks something that `less` has.
bool covers(const FillContent& more, const FillContent& less) {
  return (more.fee != 0 || less.fee == 0) && (more.fee_asset != 0 || less.fee_asset == 0) &&
         (more.liquidity != Liquidity::kUnspecified || less.liquidity == Liquidity::kUnspecified);
}

std::int32_t next_correction(std::int32_t revision) { return std::max(3, revision + 1); }

}  // namespace

const std::string& identity(const Execution& execution) noexcept {
  return planted::kTradeIdAlone ? execution.execution_id : execution.event_id;
}

bool is_fill(ExecutionKind kind) noexcept {
  return kind == ExecutionKind::kTrade || kind == ExecutionKind::kTradeCorrection ||
         kind == ExecutionKind::kTradeCancel || kind == ExecutionKind::kLiquidation || kind == ExecutionKind::kAdl;
}

FillContent content_of(std::string_view symbol, const Execution& execution) {
  FillContent content;
  std::string core(symbol);
  core.append("\n").append(execution.order_id).append("\n").append(schemas::name(execution.side));
  core.append("\n").append(number_text(execution.last_quantity));
  core.append("\n").append(number_text(execution.last_price));
  content.core = digest(core);
  if (execution.fee) content.fee = digest(number_text(execution.fee));
  if (!execution.fee_asset.empty()) content.fee_asset = digest(execution.fee_asset);
  content.liquidity = execution.liquidity;
  content.cancelled = execution.kind == ExecutionKind::kTradeCancel;
  return content;
}

void KnownIds::add(std::string_view symbol, UnixNanos venue_time, const Execution& execution) {
  if (!is_fill(execution.kind)) return;
  const auto [place, is_new] = known_.try_emplace(identity(execution));
  if (is_new || execution.revision > place->second.revision) {
    place->second = {execution.revision, content_of(symbol, execution)};
  }
  if (!is_new) return;
  by_time_.emplace(venue_time, &place->first);
  if (known_.size() > limit_) drop_oldest();
}

KnownIds::Judgement KnownIds::judge(const normalize::FoundFill& fill) const {
  const Execution& found = fill.execution;
  const bool is_trade = found.kind == ExecutionKind::kTrade;
  const auto place = known_.find(identity(found));
  if (place == known_.end()) return {Finding::kMissing, is_trade ? 1 : std::max(3, found.revision)};

  if (planted::kTradeIdAlone) return {};
  const Known& known = place->second;
  const FillContent content = content_of(fill.symbol, found);
  if (known.content.cancelled) return {};
  if (content.cancelled) return {Finding::kCorrection, next_correction(known.revision)};
  const bool same_core = content.core == known.content.core;
  const bool same_fee = agree(content.fee, known.content.fee) && agree(content.fee_asset, known.content.fee_asset);
  if (!is_trade) {
    return same_core && same_fee ? Judgement{} : Judgement{Finding::kCorrection, next_correction(known.revision)};
  }
  // The row that the venue corrected later may still be listed beside its correction.
  if (known.revision >= 3) return {};
  if (!same_core) return {Finding::kCorrection, next_correction(known.revision), true};
  if (!covers(content, known.content)) return {Finding::kKnown, 1, !same_fee};
  if (covers(known.content, content) && same_fee) return {};
  return {Finding::kRicher, known.revision + 1, !same_fee};
}

void KnownIds::forget_before(UnixNanos time) {
  while (!by_time_.empty() && by_time_.begin()->first < time) drop_oldest();
}

// Others of the same time may be left, so that only what is later is whole.
void KnownIds::drop_oldest() {
  const auto oldest = by_time_.begin();
  whole_from_ = std::max(whole_from_, oldest->first + 1);
  known_.erase(known_.find(*oldest->second));
  by_time_.erase(oldest);
}

}  // namespace millrace::fills

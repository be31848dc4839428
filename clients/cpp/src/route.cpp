#include "clients/cpp/src/route.h"

#include <fmt/format.h>

namespace millrace::client {
namespace {

// Is this how the order ended, told as it happened or as a state asked for?
bool ended_as(const Execution& execution, ExecutionKind kind, OrderStatus status) {
  return execution.kind == kind || (execution.kind == ExecutionKind::kStatus && execution.status == status);
}

// Told once an order: its event ids differ between the two ways of telling it. No event id looks like these.
bool is_first(SeenIds& seen, std::string_view how, const std::string& order_id) {
  return seen.take(fmt::format("\n{}\n{}", how, order_id), 1) == SeenIds::Verdict::kNew;
}

}  // namespace

std::optional<Call> route(const Execution& execution, SeenIds& seen) {
  if (seen.take(execution.event_id, execution.revision) == SeenIds::Verdict::kKnown) return std::nullopt;
  switch (execution.kind) {
    case ExecutionKind::kTrade:
      if (execution.revision > 1) return Call::kCorrected;
      return execution.order_complete.value_or(false) ? Call::kFilled : Call::kPartiallyFilled;
    case ExecutionKind::kTradeCorrection:
    case ExecutionKind::kTradeCancel:
      return Call::kCorrected;
    default:
      break;
  }
  const std::string& order = execution.order_id;
  if (ended_as(execution, ExecutionKind::kCancelled, OrderStatus::kCancelled) && is_first(seen, "cancelled", order)) {
    return Call::kCancelled;
  }
  if (ended_as(execution, ExecutionKind::kRejected, OrderStatus::kRejected) && is_first(seen, "rejected", order)) {
    return Call::kRejected;
  }
  return Call::kOrder;
}

std::vector<AccountError> gap_errors(const Meta& meta, std::span<const schemas::GapMark> gap) {
  std::vector<AccountError> errors;
  for (const schemas::GapMark& mark : gap) {
    if (mark.kind != schemas::GapKind::kVenue && mark.kind != schemas::GapKind::kLocal) continue;
    std::string detail = fmt::format("{} {}", schemas::name(mark.kind), mark.reason);
    if (mark.from) detail += fmt::format(", from {}", *mark.from);
    if (mark.to) detail += fmt::format(", to {}", *mark.to);
    if (mark.count) detail += fmt::format(", {} missing", *mark.count);
    errors.push_back({meta.venue, meta.account, "gap", std::move(detail)});
  }
  return errors;
}

}  // namespace millrace::client

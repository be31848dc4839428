#include "cli/verify/account/seen_account.h"

#include "cli/verify/seen_meta.h"
#include "millrace/v1/balance.pb.h"
#include "millrace/v1/execution.pb.h"
#include "millrace/v1/recovery.pb.h"

namespace millrace::cli {
namespace {

ReportKind kind_of(v1::ExecutionKind kind) {
  switch (kind) {
    case v1::EXECUTION_KIND_TRADE:
      return ReportKind::kFill;
    case v1::EXECUTION_KIND_LIQUIDATION:
    case v1::EXECUTION_KIND_ADL:
      return ReportKind::kForced;
    case v1::EXECUTION_KIND_TRADE_CORRECTION:
      return ReportKind::kCorrection;
    case v1::EXECUTION_KIND_TRADE_CANCEL:
      return ReportKind::kBust;
    case v1::EXECUTION_KIND_FUNDING:
    case v1::EXECUTION_KIND_FEE:
    case v1::EXECUTION_KIND_TRANSFER:
      return ReportKind::kMoney;
    default:
      return ReportKind::kState;
  }
}

bool is_final(v1::OrderStatus status) {
  switch (status) {
    case v1::ORDER_STATUS_FILLED:
    case v1::ORDER_STATUS_CANCELLED:
    case v1::ORDER_STATUS_REPLACED:
    case v1::ORDER_STATUS_REJECTED:
    case v1::ORDER_STATUS_EXPIRED:
      return true;
    default:
      return false;
  }
}

// "EXECUTION_KIND_TRADE" is "TRADE", and what is not told is "". Values that are newer than this program have no name:
// their number will do.
std::string word(const std::string& name, int value, std::string_view prefix) {
  if (value == 0) return {};
  return name.size() > prefix.size() ? name.substr(prefix.size()) : std::to_string(value);
}

// A number of a message, as far as it is there. Once `good` is false it stays so.
class Numbers {
 public:
  std::optional<Amount> number(bool there, const v1::Decimal& decimal) {
    if (!there) return std::nullopt;
    auto read = decimal.has_text() ? parse_amount(decimal.text()) : make_amount(decimal.mantissa(), decimal.exponent());
    good = good && read.has_value();
    return read;
  }

  bool good = true;
};

SweepPhase phase_of(v1::RecoveryPhase phase) {
  switch (phase) {
    case v1::RECOVERY_PHASE_STARTED:
      return SweepPhase::kStarted;
    case v1::RECOVERY_PHASE_COMPLETED:
      return SweepPhase::kCompleted;
    case v1::RECOVERY_PHASE_FAILED:
      return SweepPhase::kFailed;
    default:
      return SweepPhase::kOther;
  }
}

}  // namespace

struct AccountReader::Messages {
  v1::Execution execution;
  v1::Balance balance;
  v1::Recovery recovery;
};

AccountReader::AccountReader() : messages_{std::make_unique<Messages>()} {}
AccountReader::~AccountReader() = default;

bool AccountReader::read(std::string_view bytes, SeenMeta& meta, SeenExecution& out) {
  const v1::Execution& told = messages_->execution;
  if (!parse(messages_->execution, bytes) || !told.has_meta()) return false;
  copy_meta(told.meta(), meta);
  out.kind = kind_of(told.kind());
  out.word = word(v1::ExecutionKind_Name(told.kind()), told.kind(), "EXECUTION_KIND_");
  out.event_id = told.event_id();
  out.order_id = told.order_id();
  out.side = word(v1::Side_Name(told.side()), told.side(), "SIDE_");
  out.fee_asset = told.fee_asset();
  out.revision = told.revision();
  out.ended = is_final(told.status());
  out.end_unknown = told.reason() == "unknown_to_venue";
  Numbers numbers;
  out.quantity = numbers.number(told.has_quantity(), told.quantity());
  out.last_price = numbers.number(told.has_last_price(), told.last_price());
  out.last_quantity = numbers.number(told.has_last_quantity(), told.last_quantity());
  out.cumulative = numbers.number(told.has_cumulative_quantity(), told.cumulative_quantity());
  out.leaves = numbers.number(told.has_leaves_quantity(), told.leaves_quantity());
  out.fee = numbers.number(told.has_fee(), told.fee());
  for (const auto& [there, number] :
       {std::pair(told.has_price(), &told.price()), std::pair(told.has_stop_price(), &told.stop_price()),
        std::pair(told.has_average_price(), &told.average_price())}) {
    numbers.number(there, *number);
  }
  return numbers.good;
}

bool AccountReader::read(std::string_view bytes, SeenMeta& meta, SeenBalance& out) {
  const v1::Balance& told = messages_->balance;
  if (!parse(messages_->balance, bytes) || !told.has_meta()) return false;
  copy_meta(told.meta(), meta);
  out.word = word(v1::BalanceKind_Name(told.kind()), told.kind(), "BALANCE_KIND_");
  out.asset = told.asset();
  out.wallet = told.wallet();
  out.cause = told.cause();
  out.event_id = told.event_id();
  Numbers numbers;
  out.total = numbers.number(told.has_total(), told.total());
  out.available = numbers.number(told.has_available(), told.available());
  out.locked = numbers.number(told.has_locked(), told.locked());
  out.change = numbers.number(told.has_change(), told.change());
  out.fee = numbers.number(told.has_fee(), told.fee());
  return numbers.good;
}

bool AccountReader::read(std::string_view bytes, SeenRecovery& out) {
  const v1::Recovery& told = messages_->recovery;
  if (!parse(messages_->recovery, bytes) || !told.has_meta()) return false;
  copy_meta(told.meta(), out.meta);
  out.phase = phase_of(told.phase());
  out.instance = told.instance();
  out.sweep = told.sweep();
  out.scopes.assign(told.symbol().begin(), told.symbol().end());
  if (out.scopes.empty()) out.scopes.emplace_back();
  out.from_ns = told.from_ns();
  out.to_ns = told.to_ns();
  out.watermark_ns.reset();
  if (told.has_watermark_ns()) out.watermark_ns = told.watermark_ns();
  out.late_fills = told.late_fills();
  return out.phase != SweepPhase::kOther;
}

}  // namespace millrace::cli

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/verify/account/amount.h"
#include "cli/verify/seen.h"

// Records of accounts as `millrace verify` sees them: as seen.h, by protoc's code.
namespace millrace::cli {

// What a report says about quantities.
enum class ReportKind : std::uint8_t {
  kState,       // of an order: nothing was filled by it
  kFill,        // TRADE
  kForced,      // LIQUIDATION, ADL: moves the position as a fill does
  kCorrection,  // an earlier fill has these numbers
  kBust,        // an earlier fill never was
  kMoney,       // FUNDING, FEE, TRANSFER
};

struct SeenExecution {
  ReportKind kind = ReportKind::kState;
  std::string word;  // the kind's own, such as "PENDING_NEW"; empty = not told
  std::string event_id, order_id, side, fee_asset;
  std::int32_t revision = 0;
  bool ended = false;        // the order's state is a final one
  bool end_unknown = false;  // the venue knows the order no more: what it filled last may have been told by nobody
  std::optional<Amount> quantity, last_price, last_quantity, cumulative, leaves, fee;

  // Does the report add to what the order has filled, once for each event_id?
  bool adds() const noexcept { return kind == ReportKind::kFill || kind == ReportKind::kForced; }
  bool alters() const noexcept { return kind == ReportKind::kCorrection || kind == ReportKind::kBust; }
};

struct SeenBalance {
  std::string word;  // "SNAPSHOT", "CHANGE", "DELTA"; empty = not told
  std::string asset, wallet, cause, event_id;
  std::optional<Amount> total, available, locked, change, fee;
};

enum class SweepPhase : std::uint8_t { kOther, kStarted, kCompleted, kFailed };

// One word of the sidecar about a sweep. Scopes are symbols, "" the whole account.
struct SeenRecovery {
  SeenMeta meta;
  SweepPhase phase = SweepPhase::kOther;
  std::int64_t instance = 0;
  std::int64_t sweep = 0;
  std::vector<std::string> scopes;  // never empty
  std::int64_t from_ns = 0;
  std::int64_t to_ns = 0;
  std::optional<std::int64_t> watermark_ns;
  std::int64_t late_fills = 0;
};

// Reads bytes by protoc's classes, which it keeps to use their memory again. Not thread-safe. False: not such a
// message, or a number in it that is none.
class AccountReader {
 public:
  AccountReader();
  ~AccountReader();

  bool read(std::string_view bytes, SeenMeta& meta, SeenExecution& out);
  bool read(std::string_view bytes, SeenMeta& meta, SeenBalance& out);
  bool read(std::string_view bytes, SeenRecovery& out);

 private:
  struct Messages;
  std::unique_ptr<Messages> messages_;
};

}  // namespace millrace::cli

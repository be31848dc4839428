// The words of the enums, as in the .proto files without the enum's own prefix.

#include <array>

#include "schemas/events/account.h"
#include "schemas/events/market.h"
#include "schemas/events/meta.h"

namespace millrace::schemas {
namespace {

// The word at the enum's number; a number from a newer schema has no word here.
template <class Enum, std::size_t N>
std::string_view word(const std::array<std::string_view, N>& words, Enum value) noexcept {
  const auto index = static_cast<std::size_t>(value);
  return index < N ? words[index] : "UNRECOGNIZED";
}

}  // namespace

// The order is the bit's number: a new flag goes to the end.
std::string_view flag_name(std::size_t bit) noexcept {
  static constexpr std::array<std::string_view, 9> kWords{"SNAPSHOT",    "REFRESH",       "RESET",
                                                          "STALE",       "CONFLATED",     "CROSSED",
                                                          "CHECKSUM_OK", "DEPTH_LIMITED", "BAD_VENUE_TIME"};
  return bit < kWords.size() ? kWords[bit] : std::string_view{};
}

std::string_view name(Origin origin) noexcept {
  static constexpr std::array<std::string_view, 5> kWords{"UNSPECIFIED", "LIVE", "SNAPSHOT", "REPLAY", "HISTORY"};
  return word(kWords, origin);
}

std::string_view name(GapKind kind) noexcept {
  static constexpr std::array<std::string_view, 4> kWords{"UNSPECIFIED", "VENUE", "LOCAL", "RESTART"};
  return word(kWords, kind);
}

std::string_view name(Side side) noexcept {
  static constexpr std::array<std::string_view, 3> kWords{"UNSPECIFIED", "BUY", "SELL"};
  return word(kWords, side);
}

std::string_view name(StreamState state) noexcept {
  static constexpr std::array<std::string_view, 11> kWords{
      "UNSPECIFIED", "DISCONNECTED", "CONNECTING", "AUTHENTICATING", "SUBSCRIBING", "SYNCING",
      "LIVE",        "STALE",        "RECOVERING", "BACKING_OFF",    "HALTED"};
  return word(kWords, state);
}

std::string_view name(LossEvidence evidence) noexcept {
  static constexpr std::array<std::string_view, 4> kWords{"UNSPECIFIED", "NONE", "SEQUENCE", "CHECKSUM"};
  return word(kWords, evidence);
}

std::string_view name(BookKind kind) noexcept {
  static constexpr std::array<std::string_view, 3> kWords{"UNSPECIFIED", "SNAPSHOT", "DELTA"};
  return word(kWords, kind);
}

std::string_view name(InstrumentKind kind) noexcept {
  static constexpr std::array<std::string_view, 6> kWords{"UNSPECIFIED", "SPOT",   "PERPETUAL",
                                                          "FUTURE",      "OPTION", "EVENT"};
  return word(kWords, kind);
}

std::string_view name(InstrumentStatus status) noexcept {
  static constexpr std::array<std::string_view, 6> kWords{"UNSPECIFIED", "TRADING",  "RESTRICTED",
                                                          "HALTED",      "DELISTED", "UNKNOWN"};
  return word(kWords, status);
}

std::string_view name(ExecutionKind kind) noexcept {
  static constexpr std::array<std::string_view, 17> kWords{
      "UNSPECIFIED",    "PENDING_NEW", "NEW",      "TRADE",   "STATUS",           "REPLACED",
      "PENDING_CANCEL", "CANCELLED",   "REJECTED", "EXPIRED", "TRADE_CORRECTION", "TRADE_CANCEL",
      "LIQUIDATION",    "ADL",         "FUNDING",  "FEE",     "TRANSFER"};
  return word(kWords, kind);
}

std::string_view name(OrderStatus status) noexcept {
  static constexpr std::array<std::string_view, 10> kWords{
      "UNSPECIFIED",    "PENDING_NEW", "NEW",      "PARTIALLY_FILLED", "FILLED",
      "PENDING_CANCEL", "CANCELLED",   "REPLACED", "REJECTED",         "EXPIRED"};
  return word(kWords, status);
}

std::string_view name(Liquidity liquidity) noexcept {
  static constexpr std::array<std::string_view, 3> kWords{"UNSPECIFIED", "MAKER", "TAKER"};
  return word(kWords, liquidity);
}

std::string_view name(BalanceKind kind) noexcept {
  static constexpr std::array<std::string_view, 4> kWords{"UNSPECIFIED", "SNAPSHOT", "CHANGE", "DELTA"};
  return word(kWords, kind);
}

std::string_view name(RecoveryPhase phase) noexcept {
  static constexpr std::array<std::string_view, 4> kWords{"UNSPECIFIED", "STARTED", "COMPLETED", "FAILED"};
  return word(kWords, phase);
}

}  // namespace millrace::schemas

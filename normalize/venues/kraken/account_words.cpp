#include "normalize/venues/kraken/account_words.h"

#include <array>
#include <utility>

namespace millrace::normalize::kraken {

namespace {

using schemas::ExecutionKind;
using schemas::OrderStatus;

template <class Value, std::size_t N>
std::optional<Value> look_up(const std::array<std::pair<std::string_view, Value>, N>& words,
                             std::string_view word) noexcept {
  for (const auto& [known, value] : words) {
    if (known == word) return value;
  }
  return std::nullopt;
}

constexpr std::array kKinds = std::to_array<std::pair<std::string_view, ExecutionKind>>({
    {"pending_new", ExecutionKind::kPendingNew},
    {"new", ExecutionKind::kNew},
    {"trade", ExecutionKind::kTrade},
    {"filled", ExecutionKind::kStatus},
    {"iceberg_refill", ExecutionKind::kStatus},
    {"status", ExecutionKind::kStatus},
    {"canceled", ExecutionKind::kCancelled},
    {"expired", ExecutionKind::kExpired},
    {"amended", ExecutionKind::kReplaced},
    {"restated", ExecutionKind::kReplaced},
});

constexpr std::array kStatuses = std::to_array<std::pair<std::string_view, OrderStatus>>({
    {"pending_new", OrderStatus::kPendingNew},
    {"new", OrderStatus::kNew},
    {"partially_filled", OrderStatus::kPartiallyFilled},
    {"filled", OrderStatus::kFilled},
    {"canceled", OrderStatus::kCancelled},
    {"expired", OrderStatus::kExpired},
});

}  // namespace

std::optional<ExecutionKind> kind_of(std::string_view exec_type) noexcept { return look_up(kKinds, exec_type); }

std::optional<OrderStatus> status_of(std::string_view word) noexcept { return look_up(kStatuses, word); }

schemas::Liquidity liquidity_of(std::string_view word) noexcept {
  if (word == "m") return schemas::Liquidity::kMaker;
  return word == "t" ? schemas::Liquidity::kTaker : schemas::Liquidity::kUnspecified;
}

schemas::Side side_of(std::string_view word) noexcept {
  if (word == "buy") return schemas::Side::kBuy;
  return word == "sell" ? schemas::Side::kSell : schemas::Side::kUnspecified;
}

}  // namespace millrace::normalize::kraken

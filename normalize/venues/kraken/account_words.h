#pragma once

#include <optional>
#include <string_view>

#include "schemas/events/account.h"

// The venue's words for orders and fills, and what they are to us (sheet, 5.2 and 5.5).
namespace millrace::normalize::kraken {

// exec_type; nullopt = a word that we do not know. Only "trade" is a fill: "filled" tells the end of an order whose
// last fill came before it, and is a state (kStatus with status kFilled). "restated" is a change by the venue.
std::optional<schemas::ExecutionKind> kind_of(std::string_view exec_type) noexcept;

// order_status of the stream.
std::optional<schemas::OrderStatus> status_of(std::string_view word) noexcept;

// liquidity_ind, side or type; kUnspecified for another word or none.
schemas::Liquidity liquidity_of(std::string_view word) noexcept;
schemas::Side side_of(std::string_view word) noexcept;

}  // namespace millrace::normalize::kraken

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "normalize/account/account_adapter.h"

namespace millrace::normalize::binance {

// What an error of Binance's means (sheet, section 8), the same for REST and the WebSocket API. `status`: of HTTP or of
// the message.
normalize::Verdict verdict_of(std::optional<std::int64_t> code, int status) noexcept;

// AccountVenue::judge. A body that is no whole JSON value, such as a page of HTML, is never good.
Judgement judge_answer(const PrivateAnswer& answer);

// Does a refused question about one order say that the venue has no such order (sheet, sections 6 and 8): it does not
// exist, was archived, or its symbol is no more?
bool is_no_such_order(const PrivateAnswer& answer);

// How long a ban lasts that a -1003 names ("IP banned until 1659146400000"), from `now`; 0 if it names none.
std::int64_t ban_ns(std::string_view message, UnixNanos now) noexcept;

}  // namespace millrace::normalize::binance

#pragma once

#include <string>
#include <string_view>

#include "normalize/account/account_adapter.h"

// Texts of Alpaca's requests, and what its answers mean.
namespace millrace::normalize::alpaca {

// For a query: all but letters, digits and "-._~" as %XX.
std::string query_text(std::string_view text);
// "2024-01-15" and "2024-01-15T10:30:00.123456789Z", UTC.
std::string date_text(UnixNanos time);
std::string rfc3339_text(UnixNanos time);

// By status and body (sheet, 8). An answer 404 to a question about one order, whose key begins with "order/", is good:
// it says that there is no such order.
Judgement judge(const PrivateAnswer& answer);

// GET /v2/clock: {"timestamp":"2019-07-07T12:55:08.427247519-04:00","is_open":false,...}
// Errors: kBadJson, kMissingField, kBadTime.
Result<UnixNanos> read_clock(const PrivateAnswer& answer);

}  // namespace millrace::normalize::alpaca

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "normalize/account/account_adapter.h"
#include "normalize/json/json_tree.h"
#include "schemas/events/time.h"

// Small readings that both of Coinbase's private APIs share. Sections are those of the protocol sheet.
namespace millrace::normalize::coinbase {

inline constexpr UnixNanos kRestLag = 30 * kSecond;  // REST may be so far behind the stream

// "buy", "BUY". Another word is an error at `key`; absent is kUnspecified.
schemas::Side side_of(ObjectReader& row, std::string_view key);
schemas::Side opposite(schemas::Side side) noexcept;

// RFC 3339; the year 1 is how Coinbase writes "none" (4.3), and no bad time.
std::optional<UnixNanos> venue_time(ObjectReader& row, std::string_view key);

// "BTC-USD" is our spelling already; futures are spelled otherwise ("BIT-24APR26-CDE"), and stay unknown.
std::string instrument_of(std::string_view product);
// What fees are paid in: "USD" of "BTC-USD"; empty for what is no pair.
std::string quote_of(std::string_view product);

// For a query: all but letters, digits and "-._~" as %XX.
std::string query_text(std::string_view text);
// "2024-01-15T10:30:00.123456789Z".
std::string rfc3339_text(UnixNanos time);
// Elements of a JSON array of strings: "a","b".
std::string quoted_list(const std::vector<std::string>& texts);

// What an answer means, by status and body (8). An answer 404 to a question about one order, whose key begins with
// kOrderKey, is good: it says that there is no such order.
inline constexpr std::string_view kOrderKey = "order/";
Judgement judge(const PrivateAnswer& answer);

// Does `words` hold `what`, capitals or not?
bool mentions(std::string_view words, std::string_view what);

// The venue's clock from the answer to its time request. Errors: kBadJson, kMissingField, kBadTime.
Result<UnixNanos> read_clock(const PrivateAnswer& answer);

}  // namespace millrace::normalize::coinbase

#pragma once

#include <optional>
#include <string>
#include <string_view>

// The one place that spells topic names. What they return comes after "{prefix}." unless said otherwise; `venue` and
// `dataset` are spelled as in the configuration ("binance-spot", "candle-1m").
namespace millrace::publish {

// Where the records of a market stream go: "market.kraken.book.v1"; reference data ("instrument") has a topic of its
// own, "ref.kraken.instrument.v1".
std::string market_topic(std::string_view venue, std::string_view dataset);
// The dataset of such a topic; nullopt: not a market topic.
std::optional<std::string_view> market_dataset(std::string_view topic) noexcept;
// Executions and balances: "account.kraken.execution.v1".
std::string account_topic(std::string_view venue, std::string_view dataset);
// `what` is "status", "heartbeat", "gap", "quarantine" or "recovery": "ops.kraken.status.v1".
std::string ops_topic(std::string_view venue, std::string_view what);

inline constexpr std::string_view kClaimTopic = "ctl.claim.v1";
inline constexpr std::string_view kSubscriptionTopic = "ctl.subscription.v1";

// The key of a record in kSubscriptionTopic: "kraken/BTC/USD". The first slash divides, as a venue's name has none.
std::string subscription_key(std::string_view venue, std::string_view symbol);
struct SubscriptionKey {
  std::string_view venue;
  std::string_view symbol;  // the venue's spelling
};
// Views into `key`. Nullopt: no slash, or nothing on one side of it.
std::optional<SubscriptionKey> parse_subscription_key(std::string_view key) noexcept;

// The name as the broker knows it; an empty prefix adds nothing.
std::string full_topic(std::string_view prefix, std::string_view topic);

// May this text be part of a topic name? Letters, digits, '.', '_' and '-', at most 200 of them.
bool is_topic_text(std::string_view text) noexcept;

}  // namespace millrace::publish

#include "publish/kafka/topic_names.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::publish {
namespace {

TEST(SubscriptionKey, IsDividedByTheFirstSlash) {
  EXPECT_EQ(subscription_key("kraken", "BTC/USD"), "kraken/BTC/USD");
  for (const char* symbol : {"BTC/USD", "BTCUSDT", "/", "A/B/C"}) {
    const std::string key = subscription_key("binance-spot", symbol);
    const auto parsed = parse_subscription_key(key);
    ASSERT_TRUE(parsed) << key;
    EXPECT_EQ(parsed->venue, "binance-spot");
    EXPECT_EQ(parsed->symbol, symbol);
  }
}

TEST(SubscriptionKey, WithoutVenueOrSymbolIsNone) {
  for (const char* key : {"", "/", "kraken", "kraken/", "/BTCUSDT"}) EXPECT_FALSE(parse_subscription_key(key)) << key;
}

}  // namespace
}  // namespace millrace::publish

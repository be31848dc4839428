#include "ingest/subscriptions/subscription_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::ingest {
namespace {

using normalize::Dataset;
using normalize::Subscription;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

struct Table : testing::Test {
  SubscriptionTable table{{{"kraken", {Dataset::kBook, Dataset::kTrade}}, {"binance-spot", {Dataset::kBook}}}};
  const std::vector<std::string> none = {};
};

TEST_F(Table, WhatIsHeldIsServedOnlyOnceItIsClaimed) {
  table.hold(3);
  EXPECT_EQ(table.want(3, "kraken", "BTC/USD", none), "");
  EXPECT_THAT(table.wanted().at("kraken"), IsEmpty());
  EXPECT_EQ(table.streams(), 2U);
  table.serve_all();
  EXPECT_THAT(table.wanted(), ElementsAre(Pair("binance-spot", IsEmpty()),
                                          Pair("kraken", ElementsAre(Subscription{"BTC/USD", Dataset::kBook},
                                                                     Subscription{"BTC/USD", Dataset::kTrade}))));
  table.hold(1);
  EXPECT_THAT(table.held(), ElementsAre(1, 3));
  EXPECT_THAT(table.served(), ElementsAre(3));
}

TEST_F(Table, TheLastRecordOfAnInstrumentCounts) {
  table.hold(0);
  table.serve_all();
  table.want(0, "kraken", "BTC/USD", none);
  table.want(0, "kraken", "BTC/USD", std::vector<std::string>{"trade"});
  EXPECT_THAT(table.wanted().at("kraken"), ElementsAre(Subscription{"BTC/USD", Dataset::kTrade}));
  table.forget(0, "kraken", "BTC/USD");
  EXPECT_THAT(table.wanted().at("kraken"), IsEmpty());
}

TEST_F(Table, WhatTheConfigurationHasNotIsRefusedAndTheRestServed) {
  table.hold(0);
  table.serve_all();
  EXPECT_THAT(table.want(0, "alpaca", "AAPL", none), HasSubstr("no venue alpaca"));
  EXPECT_THAT(table.want(0, "binance-spot", "BTCUSDT", std::vector<std::string>{"book", "bbo", "nonsense"}),
              HasSubstr("bbo, nonsense"));
  EXPECT_EQ(table.refused(), 2U);
  EXPECT_THAT(table.wanted().at("binance-spot"), ElementsAre(Subscription{"BTCUSDT", Dataset::kBook}));
  EXPECT_FALSE(table.wanted().contains("alpaca"));
  table.want(0, "binance-spot", "BTCUSDT", none);
  EXPECT_EQ(table.refused(), 1U);
}

TEST_F(Table, PartitionsThatAreGoneTakeTheirInstrumentsAlong) {
  table.hold(0);
  table.hold(1);
  table.serve_all();
  table.want(0, "kraken", "BTC/USD", none);
  table.want(1, "kraken", "ETH/USD", none);
  table.drop(0);
  EXPECT_THAT(table.wanted().at("kraken"),
              ElementsAre(Subscription{"ETH/USD", Dataset::kBook}, Subscription{"ETH/USD", Dataset::kTrade}));
  EXPECT_EQ(table.want(0, "kraken", "BTC/USD", none), "") << "a late record of a partition that is not ours";
  EXPECT_EQ(table.streams(), 2U);
}

}  // namespace
}  // namespace millrace::ingest

#include "ingest/config/reload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::ingest {
namespace {

using normalize::Dataset;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

Config running() {
  Config config;
  config.worker = "w1";
  VenueConfig& venue = config.venues.emplace_back();
  venue.name = "kraken";
  venue.symbols = {"BTC/USD"};
  venue.dataset_names = {"book", "trade"};
  venue.datasets = {Dataset::kBook, Dataset::kTrade};
  return config;
}

TEST(Reload, SymbolsAndFewerDatasetsAreTaken) {
  Config config = running();
  Config next = running();
  next.venues[0].symbols = {"BTC/USD", "ETH/USD"};
  next.venues[0].dataset_names = {"book"};
  next.venues[0].datasets = {Dataset::kBook};
  EXPECT_THAT(take_streams(config, next), IsEmpty());
  EXPECT_THAT(config.venues[0].symbols, ElementsAre("BTC/USD", "ETH/USD"));
  EXPECT_THAT(config.venues[0].datasets, ElementsAre(Dataset::kBook));
}

TEST(Reload, WhatNeedsARestartIsNamedAndLeftAsItIs) {
  Config config = running();
  Config next = running();
  next.worker = "w2";
  next.group = "g";
  next.threads = 2;
  next.kafka.prefix = "other";
  next.venues[0].dataset_names.emplace_back("bbo");
  next.venues.emplace_back().name = "binance-spot";
  EXPECT_THAT(take_streams(config, next),
              UnorderedElementsAre("worker", "group", "threads", "kafka.prefix", "venue kraken has a new dataset",
                                   "venue binance-spot is new"));
  EXPECT_THAT(config.venues[0].dataset_names, ElementsAre("book", "trade"));
  EXPECT_EQ(config.worker, "w1");
  next.venues.clear();
  EXPECT_THAT(take_streams(config, next), testing::Contains("venue kraken is gone"));
}

TEST(Reload, AGroupsStreamsAreItsTopics) {
  Config config = running();
  config.group = "g";
  config.venues[0].symbols.clear();
  Config next = config;
  EXPECT_THAT(take_streams(config, next), IsEmpty());
  next.venues[0].dataset_names = {"book"};
  EXPECT_THAT(take_streams(config, next), ElementsAre("venue kraken has other datasets"));
}

}  // namespace
}  // namespace millrace::ingest

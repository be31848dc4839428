#include "ingest/account/told_accounts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schemas/codec/encode.h"

namespace millrace::ingest {
namespace {

using schemas::ExecutionKind;
using schemas::OrderStatus;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

std::string accepted(const std::string& venue, const std::string& account, const std::string& order) {
  const auto identity = schemas::make_stream_identity(venue, "BTC/USD", "BTC-USD", account);
  schemas::Meta meta;
  meta.stream = &identity;
  meta.epoch = 3;
  meta.seq = 1;
  meta.origin = schemas::Origin::kLive;
  schemas::Execution body;
  body.order_id = order;
  body.kind = ExecutionKind::kNew;
  body.status = OrderStatus::kNew;
  std::string bytes;
  encode(meta, body, bytes);
  return bytes;
}

std::vector<std::string> open(const ToldAccounts& told, std::string_view venue, std::string_view account) {
  std::vector<std::string> ids;
  for (const auto& one : told.of(venue, account).before().orders) ids.push_back(one.known.order.order_id);
  return ids;
}

TEST(ToldAccounts, EachAccountHasItsOwnOrders) {
  ToldAccounts told;
  told.add("kraken", "main");
  told.add("kraken", "other");
  told.note(accepted("kraken", "main", "1"));
  told.note(accepted("kraken", "other", "2"));
  told.note(accepted("kraken", "stranger", "3"));
  told.note(accepted("alpaca", "main", "4"));
  EXPECT_THAT(open(told, "kraken", "main"), ElementsAre("1"));
  EXPECT_THAT(open(told, "kraken", "other"), ElementsAre("2"));
  EXPECT_EQ(told.unreadable(), 0);
}

TEST(ToldAccounts, WhatIsNoRecordIsCounted) {
  ToldAccounts told;
  told.add("kraken", "main");
  told.note("\xff");
  told.note(accepted("kraken", "main", "1"));
  EXPECT_EQ(told.unreadable(), 1);
  EXPECT_THAT(open(told, "kraken", "main"), ElementsAre("1"));
}

TEST(ToldAccounts, NamesTheTopicOfEachVenueOnce) {
  ToldAccounts told;
  told.add("kraken", "main");
  told.add("kraken", "other");
  told.add("alpaca", "main");
  EXPECT_THAT(told.topics(), ElementsAre("account.alpaca.execution.v1", "account.kraken.execution.v1"));
}

TEST(ToldAccounts, ABrokerThatDoesNotAnswerLeavesWhatIsKnown) {
  ToldAccounts told;
  told.add("kraken", "main");
  told.note(accepted("kraken", "main", "1"));
  publish::KafkaSettings nobody;
  nobody.brokers = "127.0.0.1:1";
  read_told(nobody, milliseconds{50}, told);
  EXPECT_THAT(open(told, "kraken", "main"), ElementsAre("1"));
}

}  // namespace
}  // namespace millrace::ingest

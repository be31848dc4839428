#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "normalize/venues/kraken/checksum.h"
#include "tests/unit/normalize/kraken/kraken_test.h"

// What is sent, when, and what a connection does about answers and their absence.
namespace millrace::normalize::kraken {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kMatic = "MATIC/USD";

std::string ack(const char* method, const char* channel, const char* symbol) {
  return std::string(R"({"method":")") + method + R"(","result":{"channel":")" + channel +
         R"(","depth":10,"symbol":")" + symbol + R"("},"success":true})";
}

std::string refusal(std::int64_t req_id, const char* error) {
  return R"({"error":")" + std::string(error) + R"(","method":"subscribe","req_id":)" + std::to_string(req_id) +
         R"(,"success":false})";
}

VenueOptions depth10() {
  VenueOptions options;
  options.book_depth = 10;
  return options;
}

// A connection whose MATIC/USD book is live.
struct LiveBook : Connection {
  LiveBook() : Connection(depth10()) {
    open({{kMatic, Dataset::kBook}, {"BTC/USD", Dataset::kBook}});
    EXPECT_TRUE(feed(ack("subscribe", "book", kMatic)));
    EXPECT_TRUE(feed_file("ws_book_snapshot.json"));
    EXPECT_TRUE(feed(ack("subscribe", "book", "BTC/USD")));
    EXPECT_TRUE(feed_file("ws_book_snapshot_btc.json"));
  }
};

TEST(KrakenSubscribe, EveryDatasetHasItsText) {
  Connection kraken(depth10());
  kraken.open({{"BTC/USD", Dataset::kBook},
               {"A\"B/USD", Dataset::kBook},
               {"BTC/USD", Dataset::kBbo},
               {"BTC/USD", Dataset::kTrade},
               {"ETH/USD", Dataset::kTicker},
               {"BTC/USD", Dataset::kInstrument},
               {"BTC/USD", Dataset::kCandle15d}});
  EXPECT_THAT(
      kraken.todo.send,
      ElementsAre(
          R"({"method":"subscribe","params":{"channel":"instrument","snapshot":true},"req_id":1000000002})",
          R"({"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD","A\"B/USD"],"depth":10,"snapshot":true},"req_id":1000000004})",
          R"({"method":"subscribe","params":{"channel":"ticker","symbol":["BTC/USD"],"event_trigger":"bbo","snapshot":true},"req_id":1000000007})",
          R"({"method":"subscribe","params":{"channel":"trade","symbol":["BTC/USD"],"snapshot":false},"req_id":1000000008})",
          R"({"method":"subscribe","params":{"channel":"ticker","symbol":["ETH/USD"],"event_trigger":"trades","snapshot":true},"req_id":1000000010})",
          R"({"method":"subscribe","params":{"channel":"ohlc","symbol":["BTC/USD"],"interval":21600,"snapshot":true},"req_id":1000000012})"));
  EXPECT_TRUE(kraken.todo.wake_at) << "answers are waited for";
}

TEST(KrakenSubscribe, UnsubscribingRepeatsDepthTriggerAndInterval) {
  Connection kraken(depth10());
  const std::vector<Subscription> all = {
      {"BTC/USD", Dataset::kBook}, {"BTC/USD", Dataset::kBbo}, {"BTC/USD", Dataset::kCandle1m}};
  kraken.open(all);
  kraken.todo = {};
  kraken.adapter->change({}, all, kraken.now, kraken.out, kraken.todo);
  EXPECT_THAT(
      kraken.todo.send,
      ElementsAre(
          R"({"method":"unsubscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":10},"req_id":1000000010})",
          R"({"method":"unsubscribe","params":{"channel":"ticker","symbol":["BTC/USD"],"event_trigger":"bbo"},"req_id":1000000013})",
          R"({"method":"unsubscribe","params":{"channel":"ohlc","symbol":["BTC/USD"],"interval":1},"req_id":1000000014})"));
}

TEST(KrakenSubscribe, ManySymbolsGoInBatches) {
  Connection kraken;
  std::vector<Subscription> wanted;
  for (int i = 0; i < 250; ++i) wanted.push_back({"S" + std::to_string(i) + "/USD", Dataset::kBook});
  kraken.open(wanted);
  EXPECT_EQ(kraken.todo.send.size(), 1U + 3U);
}

TEST(KrakenSubscribe, WhatIsRemovedIsNotPublishedAnyMore) {
  LiveBook kraken;
  kraken.todo = {};
  const std::vector<Subscription> gone = {{kMatic, Dataset::kBook}};
  kraken.adapter->change({}, gone, kraken.now, kraken.out, kraken.todo);
  const std::size_t before = kraken.out.books.size();
  ASSERT_TRUE(kraken.feed_file("ws_book_update.json"));
  EXPECT_EQ(kraken.out.books.size(), before);
  EXPECT_THAT(kraken.out.drops, ElementsAre("unsubscribed"));
  EXPECT_FALSE(kraken.venue->refresh(*kraken.venue->instruments().find(kMatic), kraken.out));
}

TEST(KrakenResync, UnsubscribesAndSubscribesAgainOnTheAckThatInstrumentOnly) {
  LiveBook kraken;
  ASSERT_FALSE(kraken.feed_file("ws_book_update_bad_checksum.json"));
  ASSERT_THAT(kraken.todo.send,
              ElementsAre(HasSubstr(R"("unsubscribe","params":{"channel":"book","symbol":["MATIC/USD"],"depth":10})")));
  EXPECT_FALSE(kraken.todo.reconnect);
  ASSERT_TRUE(kraken.feed(ack("unsubscribe", "book", kMatic)));
  EXPECT_THAT(kraken.todo.send,
              ElementsAre(HasSubstr(R"("subscribe","params":{"channel":"book","symbol":["MATIC/USD"],"depth":10)")));
  ASSERT_TRUE(kraken.feed(ack("subscribe", "book", kMatic)));
  EXPECT_EQ(kraken.out.states.back(), "book RECOVERING checksum") << "until the snapshot";
  ASSERT_TRUE(kraken.feed_file("ws_book_snapshot.json"));
  EXPECT_EQ(kraken.out.states.back(), "book LIVE live");
  EXPECT_NE(kraken.out.books.back().meta.flags & schemas::flag::kReset, 0U);
  EXPECT_EQ(kraken.out.gaps.size(), 1U);
}

TEST(KrakenResync, AnErrorForTheUnsubscribeIsAsGoodAsItsAck) {
  LiveBook kraken;
  ASSERT_FALSE(kraken.feed_file("ws_book_update_bad_checksum.json"));
  ASSERT_TRUE(
      kraken.feed(R"({"error":"Subscription Not Found","method":"unsubscribe","success":false,"symbol":"MATIC/USD"})"));
  EXPECT_THAT(kraken.todo.send, ElementsAre(HasSubstr(R"("method":"subscribe")")));
}

// One failed repair: bad checksum, unsubscribed, subscribed, snapshot. Returns when the unsubscribe went out.
UnixNanos fail_once(LiveBook& kraken) {
  const UnixNanos failed = kraken.now;
  EXPECT_FALSE(kraken.feed_file("ws_book_update_bad_checksum.json"));
  for (int second = 0; kraken.todo.send.empty() && second < 120; ++second) kraken.wait(kSecond);
  const UnixNanos waited = kraken.now - failed;
  EXPECT_TRUE(kraken.feed(ack("unsubscribe", "book", kMatic)));
  EXPECT_TRUE(kraken.feed(ack("subscribe", "book", kMatic)));
  EXPECT_TRUE(kraken.feed_file("ws_book_snapshot.json"));
  return waited;
}

TEST(KrakenResync, RepeatedFailuresWaitLongerAndACalmTimeForgets) {
  LiveBook kraken;
  EXPECT_EQ(fail_once(kraken), 0);
  EXPECT_EQ(fail_once(kraken), 3 * kSecond);
  EXPECT_EQ(fail_once(kraken), 10 * kSecond);
  EXPECT_EQ(fail_once(kraken), 60 * kSecond);
  EXPECT_EQ(fail_once(kraken), 60 * kSecond);
  kraken.now += 301 * kSecond;
  EXPECT_EQ(fail_once(kraken), 0);
}

TEST(KrakenResync, ABookCrossedForASecondIsSubscribedAnewOnce) {
  LiveBook kraken;
  // A bid above the best ask, 0.5668.
  const char* crossing =
      R"({"channel":"book","type":"update","data":[{"symbol":"MATIC/USD","bids":[{"price":0.5669,"qty":1.0}],"asks":[],"checksum":CRC,"timestamp":"2023-10-06T17:36:SSZ"}]})";
  const auto frame = [crossing](std::uint32_t crc, const char* seconds) {
    std::string text = crossing;
    text.replace(text.find("CRC"), 3, std::to_string(crc));
    text.replace(text.find("SS"), 2, seconds);
    return text;
  };
  // What the venue would send with it.
  std::uint32_t crc = 0;
  {
    LiveBook other;
    Book book;
    for (const Level& level : other.out.books[0].bids) book.bids.set(level.price, level.quantity);
    for (const Level& level : other.out.books[0].asks) book.asks.set(level.price, level.quantity);
    book.bids.set(5669, 100'000'000);
    BookChecksum checksum;
    crc = checksum.of(book);
  }
  ASSERT_TRUE(kraken.feed(frame(crc, "01")));
  EXPECT_THAT(kraken.todo.send, IsEmpty());
  kraken.now += kSecond;
  ASSERT_TRUE(kraken.feed(frame(crc, "02")));
  EXPECT_THAT(kraken.todo.send, ElementsAre(HasSubstr("unsubscribe")));
  kraken.now += 2 * kSecond;
  ASSERT_TRUE(kraken.feed(frame(crc, "04")));
  EXPECT_THAT(kraken.todo.send, IsEmpty()) << "then only the flag";
}

TEST(KrakenAudit, EachBookIsSubscribedAnewOnceAnIntervalAndSaysSo) {
  LiveBook kraken;
  kraken.wait(kSecond);
  ASSERT_TRUE(kraken.todo.wake_at);
  int asked = 0;
  for (int minute = 0; minute < 61 && asked < 2; ++minute) {
    kraken.wait(60 * kSecond);
    asked += static_cast<int>(kraken.todo.send.size());
    if (asked == 1 && !kraken.todo.send.empty()) {
      EXPECT_GE(minute, 29) << "in the second half of the first interval";
      const char* symbol = kraken.todo.send[0].find(kMatic) != std::string::npos ? kMatic : "BTC/USD";
      EXPECT_EQ(kraken.out.states.back(), "book LIVE live") << "an audit does not make the book bad";
      ASSERT_TRUE(kraken.feed(ack("unsubscribe", "book", symbol)));
      ASSERT_TRUE(kraken.feed(ack("subscribe", "book", symbol)));
      ASSERT_TRUE(kraken.feed_file(symbol == kMatic ? "ws_book_snapshot.json" : "ws_book_snapshot_btc.json"));
      ASSERT_EQ(kraken.out.gaps.size(), 1U);
      EXPECT_EQ(kraken.out.gaps[0].second.reason, "audit");
    }
  }
  EXPECT_EQ(asked, 2) << "both books within the hour";
}

TEST(KrakenAudit, CanBeTurnedOff) {
  VenueOptions options = depth10();
  options.book_audit_s = 0;
  Connection kraken(options);
  kraken.open({{kMatic, Dataset::kBook}});
  ASSERT_TRUE(kraken.feed(ack("subscribe", "book", kMatic)));
  ASSERT_TRUE(kraken.feed_file("ws_book_snapshot.json"));
  kraken.wait(100'000 * kSecond);
  EXPECT_THAT(kraken.todo.send, IsEmpty());
}

TEST(KrakenRefusal, HaltsThatStreamAndTheOthersFlowOn) {
  Connection kraken(depth10());
  kraken.open({{"XBT/USD", Dataset::kBook}, {kMatic, Dataset::kBook}});
  const auto got = kraken.feed(refusal(1'000'000'004, "Currency pair not supported XBT/USD"));
  ASSERT_TRUE(got.has_error());
  EXPECT_EQ(got.error(), (Error{Errc::kRefused, "book XBT/USD: Currency pair not supported XBT/USD"}));
  EXPECT_EQ(reaction_to(got.error().code), Reaction::kReport);
  EXPECT_THAT(kraken.out.states, ElementsAre("book HALTED refused"));
  ASSERT_TRUE(kraken.feed(ack("subscribe", "book", kMatic)));
  ASSERT_TRUE(kraken.feed_file("ws_book_snapshot.json"));
  EXPECT_EQ(kraken.out.books.size(), 1U);
  kraken.wait(60 * kSecond);
  EXPECT_THAT(kraken.todo.send, IsEmpty()) << "asking again would not help";
}

TEST(KrakenRefusal, OneThatNamesNoSymbolIsOfTheWholeRequest) {
  Connection kraken(depth10());
  kraken.open({{"XBT/USD", Dataset::kBook}, {kMatic, Dataset::kBook}, {kMatic, Dataset::kTrade}});
  ASSERT_FALSE(kraken.feed(refusal(1'000'000'004, "Subscription depth not supported")));
  EXPECT_THAT(kraken.out.states, ElementsAre("book HALTED refused", "book HALTED refused"));
}

TEST(KrakenRefusal, OneThatWillPassIsTriedAgain) {
  Connection kraken(depth10());
  kraken.open({{kMatic, Dataset::kBook}});
  ASSERT_TRUE(kraken.feed(refusal(1'000'000'004, "EService:Unavailable")));
  EXPECT_THAT(kraken.out.states, ElementsAre("book RECOVERING refused_for_now"));
  kraken.wait(4 * kSecond);
  EXPECT_THAT(kraken.todo.send, IsEmpty());
  kraken.wait(1 * kSecond);
  EXPECT_THAT(kraken.todo.send, ElementsAre(HasSubstr(R"("method":"subscribe")")));
}

TEST(KrakenDeadline, ASilentSubscriptionIsRepeatedOnceThenTheConnectionIsGivenUp) {
  Connection kraken(depth10());
  kraken.open({{kMatic, Dataset::kBook}});
  ASSERT_TRUE(kraken.feed(ack("subscribe", "book", kMatic)));
  EXPECT_THAT(kraken.out.states, ElementsAre("book SYNCING snapshot"));
  kraken.wait(10 * kSecond);
  EXPECT_THAT(kraken.todo.send, ElementsAre(HasSubstr("unsubscribe")));
  EXPECT_FALSE(kraken.todo.reconnect);
  ASSERT_TRUE(kraken.feed(ack("unsubscribe", "book", kMatic)));
  ASSERT_TRUE(kraken.feed(ack("subscribe", "book", kMatic)));
  kraken.wait(10 * kSecond);
  EXPECT_TRUE(kraken.todo.reconnect);
  EXPECT_EQ(kraken.todo.reason, "silent_subscription");
}

TEST(KrakenDeadline, TradesMayBeSilentAfterTheirAck) {
  Connection kraken;
  kraken.open({{kMatic, Dataset::kTrade}});
  ASSERT_TRUE(
      kraken.feed(R"({"method":"subscribe","result":{"channel":"trade","symbol":"MATIC/USD"},"success":true})"));
  EXPECT_THAT(kraken.out.states, ElementsAre("trade LIVE live"));
  kraken.wait(1'000 * kSecond);
  EXPECT_THAT(kraken.todo.send, IsEmpty());
  EXPECT_FALSE(kraken.todo.reconnect);
}

TEST(KrakenReconnect, ALostLiveBookDeclaresTheHoleWhenItResumes) {
  LiveBook kraken;
  kraken.reconnect({{kMatic, Dataset::kBook}, {"BTC/USD", Dataset::kBook}});
  EXPECT_THAT(kraken.out.gaps, IsEmpty());
  EXPECT_EQ(kraken.out.states.back(), "book RECOVERING disconnected");
  EXPECT_FALSE(kraken.venue->refresh(InstrumentId{0}, kraken.out));
  ASSERT_TRUE(kraken.feed_file("ws_book_update.json"));
  EXPECT_THAT(kraken.out.drops, ElementsAre("no_snapshot"));
  ASSERT_TRUE(kraken.feed(ack("subscribe", "book", kMatic)));
  ASSERT_TRUE(kraken.feed_file("ws_book_snapshot.json"));
  ASSERT_EQ(kraken.out.gaps.size(), 1U);
  EXPECT_EQ(kraken.out.gaps[0].second.reason, "reconnect");
  EXPECT_EQ(kraken.out.books.back().meta.origin, schemas::Origin::kSnapshot);
  EXPECT_NE(kraken.out.books.back().meta.flags & schemas::flag::kReset, 0U);
}

TEST(KrakenReconnect, OverlappingConnectionsFeedOneBookWithoutAHole) {
  LiveBook kraken;
  const auto second = kraken.venue->connect();
  const std::vector<Subscription> wanted = {{kMatic, Dataset::kBook}};
  second->on_open(wanted, kraken.now, kraken.out, kraken.todo);
  const auto feed_second = [&](const char* file) {
    const std::string text = padded(fixture(file));
    return second->on_frame({std::string_view(text).substr(0, text.size() - kFramePadding), kraken.now, false},
                            kraken.out, kraken.todo);
  };
  ASSERT_TRUE(feed_second("ws_book_snapshot.json"));
  ASSERT_TRUE(kraken.feed_file("ws_book_update.json"));
  EXPECT_THAT(kraken.out.drops, ElementsAre("duplicate"));
  ASSERT_TRUE(feed_second("ws_book_update.json"));
  kraken.adapter->on_close(kraken.now, kraken.out);
  EXPECT_THAT(kraken.out.gaps, IsEmpty());
  EXPECT_TRUE(kraken.venue->refresh(*kraken.venue->instruments().find(kMatic), kraken.out));
}

TEST(KrakenPlan, TriggersAndIntervalsOfOneSymbolTravelApart) {
  const Connection kraken;
  const auto plans = kraken.venue->plan(std::vector<Subscription>{{"BTC/USD", Dataset::kBook},
                                                                  {"BTC/USD", Dataset::kBbo},
                                                                  {"BTC/USD", Dataset::kTicker},
                                                                  {"ETH/USD", Dataset::kTicker},
                                                                  {"BTC/USD", Dataset::kCandle1m},
                                                                  {"BTC/USD", Dataset::kCandle1h},
                                                                  {"BTC/USD", Dataset::kTrade}});
  ASSERT_TRUE(plans);
  ASSERT_EQ(plans->size(), 2U);
  EXPECT_EQ(plans->at(0).url, "wss://ws.kraken.com/v2");
  EXPECT_EQ(plans->at(0).subscriptions.size(), 5U);
  EXPECT_THAT(plans->at(1).subscriptions,
              ElementsAre(Subscription{"BTC/USD", Dataset::kTicker}, Subscription{"BTC/USD", Dataset::kCandle1h}));
}

TEST(KrakenPlan, TheDerivedBboBringsItsBook) {
  const Connection kraken;
  const auto plans = kraken.venue->plan(std::vector<Subscription>{{"BTC/USD", Dataset::kBboBook}});
  ASSERT_TRUE(plans);
  EXPECT_THAT(plans->at(0).subscriptions,
              ElementsAre(Subscription{"BTC/USD", Dataset::kBook}, Subscription{"BTC/USD", Dataset::kBboBook}));
}

TEST(KrakenPlan, WhatTheVenueCannotDoIsNamed) {
  VenueOptions options;
  const Connection plain(options);
  const auto dataset = plain.venue->plan(std::vector<Subscription>{{"BTC/USD", Dataset::kCandle3m}});
  EXPECT_EQ(dataset.error(), (Error{Errc::kRefused, "kraken has no candle-3m of \"BTC/USD\""}));
  options.book_depth = 50;
  const Connection deep(options);
  const auto depth = deep.venue->plan(std::vector<Subscription>{{"BTC/USD", Dataset::kBook}});
  EXPECT_EQ(depth.error(), (Error{Errc::kRefused, "book_depth 50: kraken has 10, 25, 100, 500, 1000"}));
}

TEST(KrakenPlan, TwoTriggersOnOneConnectionAreAConflict) {
  Connection kraken;
  kraken.open({{"BTC/USD", Dataset::kBbo}, {"BTC/USD", Dataset::kTicker}});
  EXPECT_THAT(kraken.out.states, ElementsAre("ticker HALTED conflict"));
}

TEST(KrakenPlan, EveryDatasetThatIsPlannedIsInTheMatrixAndTheOtherWayRound) {
  const Connection kraken;
  for (std::size_t i = 0; i < kDatasetCount; ++i) {
    const auto dataset = static_cast<Dataset>(i);
    bool declared = false;
    for (const DatasetCapability& row : kraken.venue->capabilities().datasets) declared |= row.dataset == dataset;
    EXPECT_EQ(kraken.venue->plan(std::vector<Subscription>{{"BTC/USD", dataset}}).has_value(), declared)
        << name(dataset);
  }
}

}  // namespace
}  // namespace millrace::normalize::kraken

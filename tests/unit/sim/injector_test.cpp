#include "tests/sim/faults/injector.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::sim {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A connection that writes down what is done to it.
class Tape : public Delivery {
 public:
  void deliver(std::string_view text) override { done.emplace_back(text.substr(0, 60)); }
  void deliver_in_fragments(std::string_view text) override { done.push_back("fragments " + std::string(text)); }
  void break_off(std::string_view) override { done.emplace_back("RST"); }
  void disconnect(std::uint16_t code, std::string_view) override { done.push_back(fmt::format("close {}", code)); }
  void go_dead() override { done.emplace_back("dead"); }
  void go_slow(std::size_t) override { done.emplace_back("slow"); }
  void flood_with_pings(int count) override { done.push_back(fmt::format("{} pings", count)); }

  std::vector<std::string> done;
};

class SimFaults : public testing::Test {
 protected:
  void order(std::string_view fault) { book_.add(std::get<Fault>(parse_fault(fault))); }
  void pass(std::string_view text, std::int64_t id, Channel channel = Channel::kBook,
            std::string_view symbol = "BTCUSDT") {
    injector_.pass(text, {.channel = channel, .symbol = symbol, .first_id = id, .last_id = id}, tape_);
  }

  std::int64_t now_ = 1;
  FaultBook book_{1};
  FaultLog log_{""};
  Tape tape_;
  Injector injector_{book_, log_, [this] { return now_; }, "binance-spot", 7};
};

TEST_F(SimFaults, DropTakesTheMessageAndNamesItsIds) {
  order("drop:at=2:binance-spot:BTCUSDT");
  for (int i = 1; i <= 3; ++i) pass(fmt::format("m{}", i), i);
  EXPECT_THAT(tape_.done, ElementsAre("m1", "m3"));
  EXPECT_THAT(log_.lines(), HasSubstr(R"("kind":"drop","venue":"binance-spot","conn":7,"symbol":"BTCUSDT",)"
                                      R"("dataset":"book","first_id":2,"last_id":2,"evidence":"sequence",)"
                                      R"("frames":1,"lost":1,"shows":"yes")"));
  EXPECT_EQ(log_.counts(), R"({"drop":1})");
}

TEST_F(SimFaults, FiltersByVenueSymbolAndChannel) {
  order("drop:at=1:kraken");
  order("drop:at=1:binance-spot:ETHUSDT");
  order("drop:at=1:channel=trade");
  pass("m1", 1);
  EXPECT_THAT(tape_.done, ElementsAre("m1"));
  pass("t1", 1, Channel::kTrade);
  pass("e1", 1, Channel::kBook, "ETHUSDT");
  EXPECT_THAT(tape_.done, ElementsAre("m1"));
}

TEST_F(SimFaults, LeavesControlMessagesAndSnapshotsAlone) {
  order("drop:at=1");
  injector_.pass("ack", {}, tape_);
  injector_.pass("snapshot", {.channel = Channel::kBook, .snapshot = true}, tape_);
  EXPECT_THAT(tape_.done, ElementsAre("ack", "snapshot"));
}

TEST_F(SimFaults, DuplicateAndReorderKeepEveryMessage) {
  order("duplicate:at=1");
  order("reorder:at=2");
  for (int i = 1; i <= 4; ++i) pass(fmt::format("m{}", i), i);
  EXPECT_THAT(tape_.done, ElementsAre("m1", "m1", "m3", "m2", "m4"));
  EXPECT_THAT(log_.lines(), HasSubstr(R"("kind":"duplicate")"));
  EXPECT_THAT(log_.lines(), HasSubstr(R"("lost":0,"shows":"no")"));
}

TEST_F(SimFaults, ReorderSwapsWithinOneStreamOnly) {
  order("reorder:at=1");
  pass("b1", 1);
  pass("t1", 1, Channel::kTrade);
  pass("b2", 2);
  EXPECT_THAT(tape_.done, ElementsAre("t1", "b2", "b1"));
}

TEST_F(SimFaults, GapLeavesSeveralMessagesOfOneStreamOut) {
  order("gap:at=2:count=3");
  for (int i = 1; i <= 6; ++i) {
    pass(fmt::format("m{}", i), i);
    pass(fmt::format("t{}", i), i, Channel::kTrade);
  }
  // The second candidate is the first trade.
  EXPECT_THAT(tape_.done, ElementsAre("m1", "m2", "m3", "m4", "t4", "m5", "t5", "m6", "t6"));
  EXPECT_THAT(log_.lines(), HasSubstr(R"("dataset":"trade","first_id":1,"last_id":3)"));
  EXPECT_THAT(log_.lines(), HasSubstr(R"("frames":3,"lost":3)"));
}

TEST_F(SimFaults, AGapThatTheConnectionEndsIsLoggedAsFarAsItGot) {
  order("gap:at=1:count=9");
  pass("m1", 1);
  pass("m2", 2);
  injector_.on_close();
  EXPECT_THAT(log_.lines(), HasSubstr(R"("frames":2,"lost":2)"));
}

TEST_F(SimFaults, BadChecksumIsForBooksWithOne) {
  order("bad_checksum:at=1");
  pass("m1", 1);
  EXPECT_THAT(tape_.done, ElementsAre("m1")) << "Binance has none";
  Injector kraken{book_, log_, [] { return 1; }, "kraken", 1};
  kraken.pass(R"({"checksum":120,"timestamp":""})", {.channel = Channel::kBook}, tape_);
  EXPECT_EQ(tape_.done.back(), R"({"checksum":121,"timestamp":""})");
}

TEST_F(SimFaults, BrokenTextsAreBrokenInTheirWay) {
  order("bad_json:at=1");
  order("truncated_json:at=2");
  order("wrong_type:at=3");
  for (int i = 1; i <= 3; ++i) pass(R"({"u":12})", i);
  EXPECT_THAT(tape_.done, ElementsAre(R"({{"u":12})", R"({"u")", R"({"u":[],"instead_of":12})"));
}

TEST_F(SimFaults, ConnectionFaultsDoWhatTheySay) {
  for (const auto* fault : {"fragment:at=1", "close:1012:at=2", "drip:at=3", "ping_flood:at=4:count=20"}) order(fault);
  for (int i = 1; i <= 4; ++i) pass("m", i);
  EXPECT_THAT(tape_.done, ElementsAre("fragments m", "m", "close 1012", "slow", "m", "m", "20 pings"));
}

TEST_F(SimFaults, ADeadConnectionUsesUpNoFaults) {
  order("half_open:at=1");
  order("rst:at=2");
  pass("m1", 1);
  pass("m2", 2);
  EXPECT_THAT(tape_.done, ElementsAre("dead"));
  Injector next{book_, log_, [] { return 1; }, "binance-spot", 8};
  next.pass("m3", {.channel = Channel::kBook, .symbol = "BTCUSDT"}, tape_);
  next.pass("m4", {.channel = Channel::kBook, .symbol = "BTCUSDT"}, tape_);
  EXPECT_THAT(tape_.done, ElementsAre("dead", "RST"));
}

TEST_F(SimFaults, SilenceCanBeOfOneSymbolAndEnd) {
  order("silence:at=1:seconds=2:binance-spot:BTCUSDT");
  pass("m1", 1);
  pass("m2", 2);
  pass("e1", 1, Channel::kBook, "ETHUSDT");
  EXPECT_THAT(tape_.done, ElementsAre("e1"));
  now_ += 2'000'000'000;
  pass("m3", 3);
  EXPECT_THAT(tape_.done, ElementsAre("e1", "m3"));
}

TEST_F(SimFaults, ChanceFollowsTheSeed) {
  const auto strikes = [](std::uint64_t seed) {
    FaultBook book(seed);
    book.add(std::get<Fault>(parse_fault("drop:0.1")));
    std::vector<int> at;
    for (int i = 0; i < 1000; ++i) {
      if (book.on_message("kraken", {.channel = Channel::kTrade})) at.push_back(i);
    }
    return at;
  };
  EXPECT_EQ(strikes(4), strikes(4));
  EXPECT_NE(strikes(4), strikes(5));
  EXPECT_GT(strikes(4).size(), 60U);
  EXPECT_LT(strikes(4).size(), 140U);
}

TEST(SimFaultText, IsReadOrRefusedWithAReason) {
  const auto fault = std::get<Fault>(parse_fault("gap:0.25:count=4:kraken:BTC/USD"));
  EXPECT_EQ(fault.kind, FaultKind::kGap);
  EXPECT_EQ(fault.rate, 0.25);
  EXPECT_EQ(fault.count, 4);
  EXPECT_EQ(fault.venue, "kraken");
  EXPECT_EQ(fault.symbol, "BTC/USD");
  EXPECT_THAT(std::get<std::string>(parse_fault("explode")), HasSubstr("there are: drop"));
  EXPECT_THAT(std::get<std::string>(parse_fault("drop:at=0")), HasSubstr("at=0"));
  EXPECT_THAT(std::get<std::string>(parse_fault_json(R"({"kind":"drop","colour":1})")), HasSubstr("colour"));
  EXPECT_EQ(std::get<Fault>(parse_fault_json(R"({"kind":"close","code":1013,"at":3})")).code, 1013);
}

TEST(SimFaultEvidence, IsWhatTheVenueOffers) {
  const Tag book{.channel = Channel::kBook};
  const Tag top{.channel = Channel::kBook, .top_changed = true};
  EXPECT_EQ(shown(FaultKind::kDrop, "kraken", book), "maybe") << "below the ten best no checksum tells";
  EXPECT_EQ(shown(FaultKind::kDrop, "kraken", top), "yes");
  EXPECT_EQ(shown(FaultKind::kDrop, "binance-spot", book), "yes");
  EXPECT_EQ(shown(FaultKind::kDrop, "binance-spot", {.channel = Channel::kQuote}), "no");
  EXPECT_EQ(shown(FaultKind::kDuplicate, "kraken", top), "no");
}

}  // namespace
}  // namespace millrace::sim

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/venue_harness.h"

// Two connections with the same streams: what the venue leaves out of one of them, the other one brings.
namespace millrace::test {
namespace {

using schemas::StreamState;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr UnixNanos kWait = 500'000'000;

struct Line {
  const char* venue;
  Dataset dataset;
  const char* depth = "";  // the address of a snapshot
};

// The same scenes for books, whose numbers differ between spot and futures, and for trades.
class Doubled : public testing::TestWithParam<Line> {
 protected:
  void SetUp() override {
    second = venue.connect();
    for (const std::size_t connection : {std::size_t{0}, second}) venue.open({{"ABC", GetParam().dataset}}, connection);
    brings(100);
    if (is_book()) {
      ASSERT_TRUE(venue.answer(GetParam().depth, R"({"lastUpdateId":100,"bids":[["9","5"]],"asks":[["11","5"]]})"));
    }
    brings(100, second);
    venue.clear();
  }
  void brings(int id, std::size_t connection = 0) {
    const std::string book = fmt::format(
        R"({{"e":"depthUpdate","E":1700000000000,"s":"ABC","U":{0},"u":{0},"pu":{1},"b":[["9","{0}"]],"a":[]}})", id,
        id - 1);
    const std::string trade = fmt::format(
        R"({{"e":"trade","E":1700000000000,"s":"ABC","t":{},"p":"9","q":"1","T":1700000000000,"m":true}})", id);
    (void)venue.feed(is_book() ? book : trade, connection);
  }
  bool is_book() const { return GetParam().dataset == Dataset::kBook; }
  std::vector<std::int64_t> ids() const {
    std::vector<std::int64_t> all;
    for (const Recorded& event : venue.out.events) all.push_back(*event.meta.venue_seq);
    return all;
  }
  // Both ends of each hole that was declared.
  std::vector<std::pair<std::int64_t, std::int64_t>> holes() const {
    std::vector<std::pair<std::int64_t, std::int64_t>> all;
    for (const RecordedGap& gap : venue.out.gaps) all.emplace_back(*gap.mark.from, *gap.mark.to);
    return all;
  }

  VenueHarness venue{GetParam().venue};
  std::size_t second = 0;
};

TEST_P(Doubled, WhatOneLeavesOutTheOtherBrings) {
  for (const int id : {101, 103, 104}) brings(id);
  EXPECT_THAT(ids(), ElementsAre(101));
  const UnixNanos before = venue.now;
  for (const int id : {101, 102, 103, 104, 105}) brings(id, second);
  brings(105);
  brings(106);
  EXPECT_THAT(ids(), ElementsAre(101, 102, 103, 104, 105, 106));
  EXPECT_THAT(venue.out.gaps, IsEmpty());
  EXPECT_THAT(venue.out.states, IsEmpty());
  EXPECT_EQ(venue.out.events.at(2).meta.receive_time, before - 1'000'000) << "when it came, not when it was published";
}

TEST_P(Doubled, OfTwoHolesEachIsFilled) {
  for (const int id : {102, 104, 106}) brings(id);
  for (const int id : {101, 103, 105}) brings(id, second);
  EXPECT_THAT(ids(), ElementsAre(101, 102, 103, 104, 105, 106));
  EXPECT_THAT(venue.out.gaps, IsEmpty());
}

TEST_P(Doubled, WhatBothLeaveOutIsDeclaredAsSoonAsBothArePastIt) {
  for (const int id : {101, 103}) brings(id);
  EXPECT_THAT(venue.out.gaps, IsEmpty());
  for (const int id : {101, 103}) brings(id, second);
  EXPECT_THAT(holes(), ElementsAre(std::pair(102, 102)));
}

TEST_P(Doubled, WhatNobodyBringsIsDeclaredInTime) {
  brings(102);
  const UnixNanos due = venue.now + kWait;
  EXPECT_EQ(venue.todo.wake_at, due);
  venue.wake(due - 1);
  EXPECT_THAT(venue.out.gaps, IsEmpty());
  venue.wake(due);
  EXPECT_THAT(holes(), ElementsAre(std::pair(101, 101)));
}

TEST_P(Doubled, TheOneThatIsLeftFillsTheHoleOrShowsIt) {
  brings(102);
  venue.close(0);
  brings(101, second);
  EXPECT_THAT(ids(), ElementsAre(101, 102));
  brings(104, second);
  EXPECT_THAT(holes(), ElementsAre(std::pair(103, 103))) << "nobody else carries it: no waiting";
}

TEST_P(Doubled, WhatIsHeldGoesWithTheLastConnection) {
  brings(102);
  venue.close(second);
  venue.close(0);
  EXPECT_EQ(venue.out.states.back().state, StreamState::kRecovering);
  // A trade stands by itself; a book's update does not.
  EXPECT_EQ(ids(), is_book() ? std::vector<std::int64_t>{} : std::vector<std::int64_t>{102});
  EXPECT_EQ(venue.out.drops, is_book() ? std::vector<std::string>{"invalid"} : std::vector<std::string>{});
}

TEST_P(Doubled, WhatWaitsIsBounded) {
  for (int id = 102; id < 1'200; ++id) {
    venue.now -= 1'000'000;  // in no time
    brings(id);
  }
  EXPECT_EQ(holes().at(0), std::pair(std::int64_t{101}, std::int64_t{101}));
}

INSTANTIATE_TEST_SUITE_P(Binance, Doubled,
                         testing::Values(Line{"binance-spot", Dataset::kBook, "/api/v3/depth?symbol=ABC&limit=1000"},
                                         Line{"binance-usdm", Dataset::kBook, "/fapi/v1/depth?symbol=ABC&limit=1000"},
                                         Line{"binance-spot", Dataset::kTrade}, Line{"binance-usdm", Dataset::kTrade}),
                         [](const auto& suite) {
                           const std::string venue = suite.param.venue;
                           return venue.substr(venue.find('-') + 1) +
                                  (suite.param.dataset == Dataset::kBook ? "Book" : "Trade");
                         });

}  // namespace
}  // namespace millrace::test

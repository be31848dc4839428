#include "tests/sim/market/flow.h"

#include <gtest/gtest.h>

namespace millrace::sim {
namespace {

Flow make_flow(std::uint64_t seed) { return {make_instruments(5, "USD", "/", false), seed, 60}; }

TEST(SimFlow, IsTheSameForTheSameSeedWhateverTheClockSays) {
  Flow one = make_flow(7);
  Flow two = make_flow(7);
  for (int i = 0; i < 5000; ++i) {
    const std::size_t instrument = one.pick();
    ASSERT_EQ(instrument, two.pick());
    const Step& a = one.advance(instrument, i);
    const Step& b = two.advance(instrument, i * 1000);
    ASSERT_EQ(a.changes, b.changes);
    ASSERT_EQ(a.last_id, b.last_id);
    ASSERT_EQ(a.print.has_value(), b.print.has_value());
  }
}

TEST(SimFlow, DiffersForAnotherSeed) {
  Flow one = make_flow(7);
  Flow two = make_flow(8);
  int different = 0;
  for (int i = 0; i < 100; ++i) different += one.pick() != two.pick() ? 1 : 0;
  EXPECT_GT(different, 20);
}

TEST(SimFlow, NeverCrossesRunsEmptyOrSkipsAnId) {
  Flow flow = make_flow(3);
  std::vector<std::int64_t> ids, trades(5, 0);
  for (const Market& market : flow.markets()) ids.push_back(market.update_id);
  for (int i = 0; i < 50'000; ++i) {
    const std::size_t at = flow.pick();
    const Step& step = flow.advance(at, i);
    const Book& book = flow.markets()[at].book;
    ASSERT_LT(book.best(Side::kBid)->price, book.best(Side::kAsk)->price);
    ASSERT_GE(book.side(Side::kBid).size(), 50U);
    ASSERT_EQ(step.first_id, ids[at] + 1);
    ASSERT_EQ(step.last_id, ids[at] + static_cast<std::int64_t>(step.changes.size()));
    ids[at] = step.last_id;
    if (step.print) {
      ASSERT_EQ(step.print->id, ++trades[at]);
    }
  }
  for (const std::int64_t count : trades) EXPECT_GT(count, 1000);
}

}  // namespace
}  // namespace millrace::sim

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <random>

#include "normalize/book/book.h"

namespace millrace::normalize {
namespace {

using Kind = LadderSide::Kind;

// What the ladder must do, said with a std::map (prices negated for bids, so that the best comes first).
class ModelSide {
 public:
  explicit ModelSide(Kind kind) : sign_(kind == Kind::kBid ? -1 : 1) {}

  std::int64_t set(std::int64_t price, std::int64_t quantity) {
    const auto at = levels_.find(sign_ * price);
    const std::int64_t before = at == levels_.end() ? 0 : at->second;
    if (quantity == 0) {
      levels_.erase(sign_ * price);
    } else {
      levels_[sign_ * price] = quantity;
    }
    return before;
  }
  std::vector<Level> all() const {
    std::vector<Level> out;
    for (const auto& [price, quantity] : levels_) out.push_back({sign_ * price, quantity});
    return out;
  }

 private:
  std::int64_t sign_;
  std::map<std::int64_t, std::int64_t> levels_;
};

std::vector<Level> all_of(const LadderSide& side) {
  std::vector<Level> out;
  side.append_all(out);
  return out;
}

void expect_same(const LadderSide& side, const ModelSide& model) {
  const std::vector<Level> want = model.all();
  ASSERT_EQ(all_of(side), want);
  ASSERT_EQ(side.size(), want.size());
  ASSERT_EQ(side.best(), want.empty() ? std::nullopt : std::optional(want.front()));
  ASSERT_EQ(side.worst(), want.empty() ? std::nullopt : std::optional(want.back()));
}

// A price as books see them: mostly near the middle, some far, a few absurd.
std::int64_t some_price(std::mt19937_64& random) {
  const auto within = [&random](std::int64_t width) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(2 * width)) - width;
  };
  switch (random() % 8) {
    case 0:
      return within(1'000'000'000);
    case 1:
      return within(20'000);
    case 2:
      return within(4'000'000'000'000'000);
    default:
      return within(120);
  }
}

class EachSide : public testing::TestWithParam<Kind> {};

TEST_P(EachSide, RandomSequencesEqualASortedMap) {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    std::mt19937_64 random(seed);
    LadderSide side(GetParam());
    ModelSide model(GetParam());
    // Odd seeds delete more than they add, so that the side runs empty and its best page often does.
    const std::uint64_t deletes = seed % 2 == 0 ? 4 : 7;
    for (int step = 0; step < 6000; ++step) {
      const std::int64_t price = some_price(random);
      const std::int64_t quantity = random() % 10 < deletes ? 0 : static_cast<std::int64_t>(random() % 1000 + 1);
      ASSERT_EQ(side.set(price, quantity), model.set(price, quantity));
      ASSERT_EQ(side.quantity_at(price), quantity);
      if (step % 97 == 0) expect_same(side, model);
    }
    expect_same(side, model);
  }
}

TEST_P(EachSide, TheBestIsRightAfterEverySingleRemoval) {
  std::mt19937_64 random(7);
  LadderSide side(GetParam());
  ModelSide model(GetParam());
  for (int i = 0; i < 700; ++i) {
    const std::int64_t price = some_price(random);
    side.set(price, i + 1);
    model.set(price, i + 1);
  }
  while (!side.empty()) {
    const Level best = *side.best();
    side.set(best.price, 0);
    model.set(best.price, 0);
    const auto rest = model.all();
    ASSERT_EQ(side.best(), rest.empty() ? std::nullopt : std::optional(rest.front()));
  }
  EXPECT_EQ(side.worst(), std::nullopt);
}

TEST_P(EachSide, TakesThePricesAtTheEndsOfInt64) {
  constexpr std::int64_t kLow = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kHigh = std::numeric_limits<std::int64_t>::max();
  LadderSide side(GetParam());
  for (const std::int64_t price : {kLow, kHigh, std::int64_t{0}, std::int64_t{-1}}) side.set(price, kHigh);
  std::vector<Level> want{{kHigh, kHigh}, {0, kHigh}, {-1, kHigh}, {kLow, kHigh}};
  if (GetParam() == Kind::kAsk) std::reverse(want.begin(), want.end());
  EXPECT_EQ(all_of(side), want);
  EXPECT_EQ(side.quantity_at(kLow), kHigh);
}

TEST_P(EachSide, ADepthLimitCutsTheWorstLevels) {
  std::mt19937_64 random(3);
  LadderSide side(GetParam());
  ModelSide model(GetParam());
  for (int step = 0; step < 4000; ++step) {
    const std::int64_t price = some_price(random);
    const std::int64_t quantity = static_cast<std::int64_t>(random() % 3);
    side.set(price, quantity);
    model.set(price, quantity);
    while (side.size() > 50) {
      const Level worst = *side.worst();
      ASSERT_EQ(worst, model.all().back());
      side.set(worst.price, 0);
      model.set(worst.price, 0);
    }
  }
  expect_same(side, model);
}

TEST_P(EachSide, TopGivesNoMoreThanAskedForAndNoMoreThanThereIs) {
  LadderSide side(GetParam());
  std::vector<Level> out(200);
  EXPECT_EQ(side.top(10, out.data()), 0U);
  for (std::int64_t price = 0; price < 100; ++price) side.set(price * 7, price + 1);
  EXPECT_EQ(side.top(10, out.data()), 10U);
  EXPECT_EQ(out[0], side.best());
  EXPECT_EQ(side.top(0, out.data()), 0U);
  EXPECT_EQ(side.top(200, out.data()), 100U);
  EXPECT_EQ(out[99], side.worst());
}

TEST_P(EachSide, ClearForgetsEverythingAndCanBeFilledAgain) {
  LadderSide side(GetParam());
  for (std::int64_t price = 0; price < 5000; ++price) side.set(price * 1000, 5);
  side.clear();
  EXPECT_TRUE(side.empty());
  EXPECT_EQ(side.best(), std::nullopt);
  EXPECT_EQ(side.quantity_at(1000), 0);
  side.set(1000, 3);
  EXPECT_THAT(all_of(side), testing::ElementsAre(Level{1000, 3}));
}

TEST_P(EachSide, MemoryFollowsTheLevelsAndNotThePricesEverSeen) {
  LadderSide side(GetParam());
  for (std::int64_t step = 0; step < 300'000; ++step) {
    side.set(step * 1000, 1);
    if (step >= 100) side.set((step - 100) * 1000, 0);
  }
  EXPECT_EQ(side.size(), 100U);
  EXPECT_LT(side.memory(), 200'000U);
}

TEST_P(EachSide, ScalingKeepsOrderAndRefusesWhatDoesNotFit) {
  LadderSide side(GetParam());
  for (const std::int64_t price : {-3, 1, 40}) side.set(price, 7);
  ASSERT_TRUE(side.can_scale(100, 10));
  side.scale(100, 10);
  std::vector<Level> want{{4000, 70}, {100, 70}, {-300, 70}};
  if (GetParam() == Kind::kAsk) std::reverse(want.begin(), want.end());
  EXPECT_EQ(all_of(side), want);
  EXPECT_FALSE(side.can_scale(std::numeric_limits<std::int64_t>::max() / 1000, 1));
  EXPECT_FALSE(side.can_scale(1, std::numeric_limits<std::int64_t>::max() / 10));
  EXPECT_TRUE(side.can_scale(std::numeric_limits<std::int64_t>::max() / 10'000, 1));
}

INSTANTIATE_TEST_SUITE_P(Ladder, EachSide, testing::Values(Kind::kBid, Kind::kAsk),
                         [](const auto& kind) { return kind.param == Kind::kBid ? "Bids" : "Asks"; });

TEST(Book, IsCrossedOnlyWhenBothSidesMeet) {
  Book book;
  EXPECT_FALSE(book.crossed());
  book.bids.set(10, 1);
  EXPECT_FALSE(book.crossed());
  book.asks.set(11, 1);
  EXPECT_FALSE(book.crossed());
  book.asks.set(10, 1);
  EXPECT_TRUE(book.crossed());
}

TEST(Book, BboCarriesTheExponentsAndAbsentSides) {
  Book book;
  book.price_exponent = -2;
  book.quantity_exponent = -8;
  book.asks.set(1050, 3);
  const schemas::Bbo bbo = book.bbo();
  EXPECT_EQ(bbo.price_exponent, -2);
  EXPECT_EQ(bbo.quantity_exponent, -8);
  EXPECT_EQ(bbo.bid, std::nullopt);
  EXPECT_EQ(bbo.ask, (Level{1050, 3}));
}

TEST(Book, RefineRescalesBothSidesAndNeverCoarsens) {
  Book book;
  book.bids.set(10, 1);
  book.asks.set(11, 2);
  ASSERT_TRUE(book.refine(-2, -3));
  EXPECT_EQ(book.bids.best(), (Level{1000, 1000}));
  EXPECT_EQ(book.asks.best(), (Level{1100, 2000}));
  ASSERT_TRUE(book.refine(0, 0));
  EXPECT_EQ(book.price_exponent, -2);
  EXPECT_EQ(book.bids.best(), (Level{1000, 1000}));
}

TEST(Book, RefineThatOverflowsOneSideChangesNeither) {
  Book book;
  book.bids.set(10, 1);
  book.asks.set(std::numeric_limits<std::int64_t>::max() / 2, 1);
  EXPECT_FALSE(book.refine(-1, 0));
  EXPECT_FALSE(book.refine(-40, 0));
  EXPECT_EQ(book.price_exponent, 0);
  EXPECT_EQ(book.bids.best(), (Level{10, 1}));
}

TEST(Book, RefineOfAnEmptyBookTakesAnyExponent) {
  Book book;
  EXPECT_TRUE(book.refine(-40, -30));
  EXPECT_EQ(book.price_exponent, -40);
  EXPECT_EQ(book.quantity_exponent, -30);
}

}  // namespace
}  // namespace millrace::normalize

#include "ingest/worker/rotation.h"

#include <gtest/gtest.h>

namespace millrace::ingest {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
using Line = Rotation::Line;
using Step = Rotation::Step;

TEST(Rotation, WithoutALifetimeNothingEverHappens) {
  const Rotation rotation(0, kSecond);
  EXPECT_EQ(rotation.step(1'000'000 * kSecond, {0, true}, std::nullopt), Step::kNone);
}

TEST(Rotation, TheSecondConnectionOpensOneOverlapBeforeTheEnd) {
  const Rotation day(86'400, 10 * kSecond);
  EXPECT_EQ(day.overlap_ns(), 600 * kSecond);
  EXPECT_EQ(day.step(85'799 * kSecond, {0, true}, std::nullopt), Step::kNone);
  EXPECT_EQ(day.step(85'800 * kSecond, {0, true}, std::nullopt), Step::kOpenSecond);
  const Rotation brief(20, 10 * kSecond);
  EXPECT_EQ(brief.overlap_ns(), 5 * kSecond);
  EXPECT_EQ(brief.step(15 * kSecond, {0, true}, std::nullopt), Step::kOpenSecond);
}

TEST(Rotation, AConnectionThatIsNotOpenDoesNotAge) {
  const Rotation rotation(20, kSecond);
  EXPECT_EQ(rotation.step(100 * kSecond, {std::nullopt, false}, std::nullopt), Step::kNone);
}

TEST(Rotation, TheSecondTakesOverOnceItHasDataAndHasRunAlongForAWhile) {
  const Rotation rotation(20, 10 * kSecond);  // runs along for half the overlap: 2.5 s
  const Line first{0, true};
  EXPECT_EQ(rotation.step(18 * kSecond, first, Line{16 * kSecond, true}), Step::kNone);
  EXPECT_EQ(rotation.step(19 * kSecond, first, Line{16 * kSecond, false}), Step::kNone);
  EXPECT_EQ(rotation.step(19 * kSecond, first, Line{16 * kSecond, true}), Step::kTakeOver);
}

TEST(Rotation, WhileTheSecondCannotOpenTheFirstGoesOn) {
  const Rotation rotation(20, kSecond);
  EXPECT_EQ(rotation.step(19 * kSecond, {0, true}, Line{std::nullopt, false}), Step::kNone);
}

TEST(Rotation, IfTheFirstDiesTheSecondTakesOverAtOnce) {
  const Rotation rotation(20, 10 * kSecond);
  EXPECT_EQ(rotation.step(16 * kSecond, {std::nullopt, false}, Line{16 * kSecond, false}), Step::kTakeOver);
}

}  // namespace
}  // namespace millrace::ingest

#include "replay/fills/cursor_state.h"

#include <gtest/gtest.h>

namespace millrace::fills {
namespace {

schemas::Cursor cursor(std::vector<schemas::CursorScope> scopes) {
  schemas::Cursor record;
  record.scopes = std::move(scopes);
  return record;
}

TEST(CursorState, GoesOnFromTheTopicAndBackToIt) {
  CursorState state;
  const auto record = cursor({{"BTC", 100}, {"ETH", 90}});
  state.adopt(record);
  EXPECT_EQ(state.through("BTC"), 100);
  EXPECT_EQ(state.through("SOL"), std::nullopt);
  EXPECT_EQ(state.to_scopes(), record.scopes);
}

TEST(CursorState, AnOlderRecordPutsNothingBack) {
  CursorState state;
  state.adopt(cursor({{"BTC", 100}}));
  state.adopt(cursor({{"BTC", 50}, {"ETH", 60}}));
  EXPECT_EQ(state.through("BTC"), 100);
  EXPECT_EQ(state.through("ETH"), 60);
}

TEST(CursorState, MovesOverARangeThatJoinsOn) {
  CursorState state;
  state.adopt(cursor({{"", 100}}));
  EXPECT_TRUE(state.advance("", 100, 150, false));
  EXPECT_EQ(state.through(""), 150);
  EXPECT_TRUE(state.advance("", 20, 160, false));
  EXPECT_EQ(state.through(""), 160);
}

TEST(CursorState, NeverMovesBack) {
  CursorState state;
  state.adopt(cursor({{"", 100}}));
  EXPECT_TRUE(state.advance("", 10, 50, true));
  EXPECT_EQ(state.through(""), 100);
}

TEST(CursorState, DoesNotJumpOverWhatWasNotRead) {
  CursorState state;
  state.adopt(cursor({{"", 100}}));
  EXPECT_FALSE(state.advance("", 101, 150, true));
  EXPECT_EQ(state.through(""), 100);
}

TEST(CursorState, AScopeBeginsOnlyWhereItMay) {
  CursorState state;
  EXPECT_FALSE(state.advance("BTC", 10, 50, false));
  EXPECT_EQ(state.through("BTC"), std::nullopt);
  EXPECT_FALSE(state.advance("BTC", 60, 50, true));  // read nothing that may be claimed yet
  EXPECT_TRUE(state.advance("BTC", 10, 50, true));
  EXPECT_EQ(state.through("BTC"), 50);
}

}  // namespace
}  // namespace millrace::fills

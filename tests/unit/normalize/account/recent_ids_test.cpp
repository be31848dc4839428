#include "normalize/account/recent_ids.h"

#include <gtest/gtest.h>

namespace millrace::normalize {
namespace {

TEST(RecentIds, TellsEachIdOnce) {
  RecentIds ids(10);
  EXPECT_TRUE(ids.insert("a"));
  EXPECT_TRUE(ids.insert("b"));
  EXPECT_FALSE(ids.insert("a"));
  EXPECT_TRUE(ids.contains("a"));
  EXPECT_FALSE(ids.contains("c"));
  EXPECT_EQ(ids.size(), 2U);
}

TEST(RecentIds, ForgetsTheOldestBeyondItsLimit) {
  RecentIds ids(3);
  for (const char* id : {"a", "b", "c", "d"}) EXPECT_TRUE(ids.insert(id));
  EXPECT_EQ(ids.size(), 3U);
  EXPECT_FALSE(ids.contains("a"));
  EXPECT_FALSE(ids.insert("b")) << "seen again, and not younger for it";
  EXPECT_TRUE(ids.insert("a")) << "forgotten: told again";
  EXPECT_FALSE(ids.contains("b"));
}

}  // namespace
}  // namespace millrace::normalize

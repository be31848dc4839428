#include "publish/kafka/murmur2.h"

#include <gtest/gtest.h>

namespace millrace::publish {
namespace {

// The values of org.apache.kafka.common.utils.UtilsTest.testMurmur2, which are Java's signed ints.
TEST(Murmur2, EqualsJavasValues) {
  EXPECT_EQ(static_cast<std::int32_t>(murmur2("21")), -973932308);
  EXPECT_EQ(static_cast<std::int32_t>(murmur2("foobar")), -790332482);
  EXPECT_EQ(static_cast<std::int32_t>(murmur2("a-little-bit-long-string")), -985981536);
  EXPECT_EQ(static_cast<std::int32_t>(murmur2("a-little-bit-longer-string")), -1486304829);
  EXPECT_EQ(static_cast<std::int32_t>(murmur2("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8")), -58897971);
  EXPECT_EQ(static_cast<std::int32_t>(murmur2("abc")), 479470107);
}

TEST(Murmur2, PartitionIsNeverNegative) {
  // "foobar" has a negative hash: Java clears the sign bit, (-790332482 & 0x7fffffff) % 12 == 10.
  EXPECT_EQ(partition_of("foobar", 12), (-790332482 & 0x7fffffff) % 12);
  EXPECT_EQ(partition_of("abc", 4), 479470107 % 4);
  EXPECT_EQ(partition_of("anything", 1), 0);
}

}  // namespace
}  // namespace millrace::publish

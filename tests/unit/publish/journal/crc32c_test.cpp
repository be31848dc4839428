#include "publish/journal/crc32c.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::publish {
namespace {

// RFC 3720, appendix B.4, and the check value of the usual catalogue.
TEST(Crc32c, IsThatOfTheStandard) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(crc32c(std::string(32, '\xFF')), 0x62A8AB43U);
  EXPECT_EQ(crc32c(""), 0U);
}

TEST(Crc32c, IsTheSameByInstructionAndByTableForEveryLengthAndPlace) {
  std::string bytes;
  for (unsigned i = 0; i < 100; ++i) bytes += static_cast<char>(i * 167 + 13);
  for (std::size_t begin = 0; begin < 9; ++begin) {
    for (std::size_t size = 0; begin + size <= bytes.size(); ++size) {
      const std::string_view part = std::string_view{bytes}.substr(begin, size);
      ASSERT_EQ(crc32c(part), crc32c_by_table(part)) << begin << " " << size;
    }
  }
}

}  // namespace
}  // namespace millrace::publish

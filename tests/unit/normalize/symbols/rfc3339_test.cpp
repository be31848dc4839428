#include "normalize/time/rfc3339.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace millrace::normalize {
namespace {

TEST(Rfc3339, ReadsMicrosecondsExactly) {
  EXPECT_EQ(parse_rfc3339("2023-10-06T17:35:55.440295Z"), 1'696'613'755'440'295'000);
}

TEST(Rfc3339, ReadsEveryNumberOfFractionDigits) {
  EXPECT_EQ(parse_rfc3339("2023-10-04T16:26:30Z"), 1'696'436'790'000'000'000);
  EXPECT_EQ(parse_rfc3339("2023-10-04T16:26:30.5Z"), 1'696'436'790'500'000'000);
  EXPECT_EQ(parse_rfc3339("2023-10-04T16:26:30.524394914Z"), 1'696'436'790'524'394'914);
}

TEST(Rfc3339, DigitsBeyondTheNanosecondMustBeZero) {
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.1234567890Z"), 123'456'789);
  EXPECT_FALSE(parse_rfc3339("1970-01-01T00:00:00.1234567891Z"));
}

TEST(Rfc3339, OffsetsCountTowardsUtc) {
  EXPECT_EQ(parse_rfc3339("2000-03-01T01:00:00+01:30"), parse_rfc3339("2000-02-29T23:30:00Z"));
  EXPECT_EQ(parse_rfc3339("1999-12-31T19:00:00-05:00"), parse_rfc3339("2000-01-01T00:00:00Z"));
}

TEST(Rfc3339, TheRangeOfInt64IsUsedToItsEnds) {
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(parse_rfc3339("2262-04-11T23:47:16.854775807Z"), std::numeric_limits<std::int64_t>::max());
  EXPECT_FALSE(parse_rfc3339("2262-04-11T23:47:16.854775808Z"));
  EXPECT_FALSE(parse_rfc3339("9999-12-31T23:59:59Z"));
  EXPECT_FALSE(parse_rfc3339("1969-12-31T23:59:59.999999999Z"));
  EXPECT_FALSE(parse_rfc3339("0001-01-01T00:00:00Z"));
}

TEST(Rfc3339, TheCalendarIsChecked) {
  EXPECT_TRUE(parse_rfc3339("2024-02-29T00:00:00Z"));
  for (const char* wrong :
       {"2023-02-29T00:00:00Z", "2023-13-01T00:00:00Z", "2023-00-01T00:00:00Z", "2023-04-31T00:00:00Z",
        "2023-04-00T00:00:00Z", "2023-04-01T24:00:00Z", "2023-04-01T00:60:00Z", "2016-12-31T23:59:60Z"}) {
    EXPECT_FALSE(parse_rfc3339(wrong)) << wrong;
  }
}

TEST(Rfc3339, EveryCutOffTimeIsRefused) {
  const std::string whole = "2023-10-06T17:35:55.440295Z";
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(parse_rfc3339(whole.substr(0, size))) << size;
}

TEST(Rfc3339, OtherShapesAreRefused) {
  for (const char* wrong : {"2023-10-06T17:35:55.Z", "2023-10-06T17:35:55", "2023/10/06T17:35:55Z",
                            "+023-10-06T17:35:55Z", "2023-10-06T17:35:55+0100", "2023-10-06T17:35:55+24:00",
                            "2023-10-06T17:35:55ZZ", "2023-10-06T17:35: 5Z", "1696613755440295000 Z"}) {
    EXPECT_FALSE(parse_rfc3339(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace millrace::normalize

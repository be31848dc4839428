#include "schemas/events/decimal.h"

#include <gmock/gmock.h>

#include <limits>
#include <random>

namespace millrace::schemas {
namespace {

constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
constexpr auto kMin = std::numeric_limits<std::int64_t>::min();

TEST(ParseDecimal, KeepsEveryDigitAndTheSpelling) {
  EXPECT_EQ(parse_decimal("0"), (Decimal{0, 0}));
  EXPECT_EQ(parse_decimal("1.50"), (Decimal{150, -2}));
  EXPECT_EQ(parse_decimal("-12.340"), (Decimal{-12340, -3}));
  EXPECT_EQ(parse_decimal("0.00000001"), (Decimal{1, -8}));
  EXPECT_EQ(parse_decimal("18097.1547"), (Decimal{180971547, -4}));
  EXPECT_EQ(parse_decimal("000.5"), (Decimal{5, -1}));
}

TEST(ParseDecimal, ReadsExponents) {
  EXPECT_EQ(parse_decimal("1e-05"), (Decimal{1, -5}));
  EXPECT_EQ(parse_decimal("4E+2"), (Decimal{4, 2}));
  EXPECT_EQ(parse_decimal("1.25e3"), (Decimal{125, 1}));
  EXPECT_EQ(parse_decimal("9e400"), (Decimal{9, 400}));
  EXPECT_EQ(parse_decimal("9e-400"), (Decimal{9, -400}));
}

TEST(ParseDecimal, MinusZeroIsZero) {
  EXPECT_EQ(parse_decimal("-0"), (Decimal{0, 0}));
  EXPECT_EQ(parse_decimal("-0.00"), (Decimal{0, -2}));
  EXPECT_EQ(to_plain(*parse_decimal("-0.00")), "0");
}

TEST(ParseDecimal, FillsExactly64Bits) {
  EXPECT_EQ(parse_decimal("9223372036854775807"), (Decimal{kMax, 0}));
  EXPECT_EQ(parse_decimal("-9223372036854775808"), (Decimal{kMin, 0}));
  EXPECT_EQ(parse_decimal("92233720368.54775807"), (Decimal{kMax, -8}));
  EXPECT_EQ(parse_decimal("9223372036854775808"), std::nullopt);
  EXPECT_EQ(parse_decimal("-9223372036854775809"), std::nullopt);
  EXPECT_EQ(parse_decimal("18446744073709551615"), std::nullopt);
  EXPECT_EQ(parse_decimal("18446744073709551616"), std::nullopt);
  EXPECT_EQ(parse_decimal("184467440737095516150"), std::nullopt);
}

TEST(ParseDecimal, RefusesWhatIsNoNumber) {
  for (const char* text :
       {"",   "-",  "+1",  ".5",   "5.",  "1..2", "1.2.3", "1e", "1e+",   "e5",     "1e5.0",
        " 1", "1 ", "1,5", "0x10", "nan", "inf",  "--1",   "1-", "1e401", "1e-401", "1e99999999999999999999"}) {
    EXPECT_EQ(parse_decimal(text), std::nullopt) << text;
    EXPECT_EQ(parse_wide_decimal(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_decimal(std::string_view("1\0", 2)), std::nullopt);
}

TEST(ParseWideDecimal, KeepsTextOnlyWhere64BitsDoNotHoldIt) {
  EXPECT_EQ(parse_wide_decimal("12.5"), (WideDecimal{{125, -1}, {}}));
  const std::string balance = "1234567.123456789012345678";  // 25 digits
  EXPECT_EQ(parse_wide_decimal(balance), (WideDecimal{{}, balance}));
  EXPECT_EQ(parse_wide_decimal("-" + balance), (WideDecimal{{}, "-" + balance}));
}

TEST(Reduced, DropsTrailingZerosAndNothingElse) {
  EXPECT_EQ(reduced({150, -2}), (Decimal{15, -1}));
  EXPECT_EQ(reduced({-7000, 0}), (Decimal{-7, 3}));
  EXPECT_EQ(reduced({0, -8}), (Decimal{0, 0}));
  EXPECT_EQ(reduced({kMin, 0}), (Decimal{kMin, 0}));
  EXPECT_EQ(reduced({10, std::numeric_limits<std::int32_t>::max()}),
            (Decimal{10, std::numeric_limits<std::int32_t>::max()}));
}

TEST(Rescaled, IsExactOrNothing) {
  EXPECT_EQ(rescaled({15, -1}, -3), 1500);
  EXPECT_EQ(rescaled({1500, -3}, -1), 15);
  EXPECT_EQ(rescaled({1501, -3}, -1), std::nullopt);
  EXPECT_EQ(rescaled({-3, 0}, -2), -300);
  EXPECT_EQ(rescaled({1, 0}, -18), 1'000'000'000'000'000'000);
  EXPECT_EQ(rescaled({1, 0}, -19), std::nullopt);
  EXPECT_EQ(rescaled({kMax, 0}, -1), std::nullopt);
  EXPECT_EQ(rescaled({kMin, 0}, -1), std::nullopt);
  EXPECT_EQ(rescaled({0, 400}, -400), 0);
  EXPECT_EQ(rescaled({1, std::numeric_limits<std::int32_t>::max()}, std::numeric_limits<std::int32_t>::min()),
            std::nullopt);
}

TEST(EqualValue, ComparesNumbersNotSpellings) {
  EXPECT_TRUE(equal_value({150, -2}, {15, -1}));
  EXPECT_TRUE(equal_value({0, -8}, {0, 3}));
  EXPECT_FALSE(equal_value({15, -1}, {15, -2}));
  EXPECT_FALSE(equal_value({15, -1}, {-15, -1}));
}

TEST(ToText, KeepsTheDigitsThatTheExponentGives) {
  EXPECT_EQ(to_text({150, -2}), "1.50");
  EXPECT_EQ(to_text({-5, -3}), "-0.005");
  EXPECT_EQ(to_text({0, -2}), "0.00");
  EXPECT_EQ(to_text({12, 3}), "12000");
  EXPECT_EQ(to_text({0, 3}), "0");
  EXPECT_EQ(to_text({kMin, 0}), "-9223372036854775808");
  EXPECT_EQ(to_text({kMin, -19}), "-0.9223372036854775808");
}

TEST(ToPlain, DropsTrailingZeros) {
  EXPECT_EQ(to_plain({150, -2}), "1.5");
  EXPECT_EQ(to_plain({-300, -2}), "-3");
  EXPECT_EQ(to_plain({5, 2}), "500");
  EXPECT_EQ(to_plain({0, -2}), "0");
}

TEST(ToText, StaysShortForExponentsThatNoVenueHas) {
  EXPECT_EQ(to_text({7, 2'000'000'000}), "7e2000000000");
  EXPECT_EQ(to_text({-7, -2'000'000'000}), "-7e-2000000000");
}

TEST(Decimal, TextAndBackIsTheSameNumber) {
  std::mt19937_64 engine(1);
  for (int round = 0; round < 20'000; ++round) {
    const Decimal value{static_cast<std::int64_t>(engine()) >> (engine() % 64),
                        -static_cast<std::int32_t>(engine() % 30)};
    ASSERT_EQ(parse_decimal(to_text(value)), value) << to_text(value);
    const auto plain = parse_decimal(to_plain(value));
    ASSERT_TRUE(plain && equal_value(*plain, value)) << to_plain(value);
  }
}

}  // namespace
}  // namespace millrace::schemas

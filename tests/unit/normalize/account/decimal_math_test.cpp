#include "normalize/account/decimal_math.h"

#include <gtest/gtest.h>

namespace millrace::normalize {
namespace {

using schemas::WideDecimal;

WideDecimal number(std::string_view text) { return schemas::parse_wide_decimal(text).value(); }
WideDecimal small(std::int64_t mantissa, std::int32_t exponent) { return {{mantissa, exponent}, {}}; }

TEST(DecimalMath, KeepsTheDigitsThatTheExponentGives) {
  EXPECT_EQ(add(number("1.50"), number("1.50")), small(300, -2));
  EXPECT_EQ(add(number("1.5"), number("0.25")), small(175, -2));
  EXPECT_EQ(subtract(number("1.50"), number("1.5")), small(0, -2));
  EXPECT_EQ(multiply(number("1.50"), number("2.0")), small(3000, -3));
}

TEST(DecimalMath, SumsThatBinaryFractionsMiss) {
  EXPECT_EQ(plain_text(add(number("0.1"), number("0.2"))), "0.3");
  EXPECT_EQ(plain_text(subtract(number("0.3"), number("0.1"))), "0.2");
}

TEST(DecimalMath, TwentyFiveDigitsStayExact) {
  const WideDecimal wide = number("1234567890.123456789012345");
  ASSERT_FALSE(wide.text.empty()) << "does not fit 64 bits";
  const WideDecimal sum = add(wide, number("0.000000000000001"));
  EXPECT_EQ(sum.text, "1234567890.123456789012346");
  EXPECT_EQ(plain_text(subtract(sum, wide)), "0.000000000000001");
  EXPECT_EQ(subtract(sum, wide).text, "") << "what fits again is a mantissa again";
  EXPECT_EQ(plain_text(multiply(wide, number("-1000"))), "-1234567890123.456789012345");
}

TEST(DecimalMath, OverflowOfTheMantissaBecomesText) {
  const WideDecimal most = small(9'223'372'036'854'775'807, 0);
  EXPECT_EQ(add(most, number("1")).text, "9223372036854775808");
  EXPECT_EQ(subtract(add(most, number("1")), number("1")), most);
  EXPECT_EQ(multiply(most, most).text, "85070591730234615847396907784232501249");
  const WideDecimal least = small(-9'223'372'036'854'775'807 - 1, 0);
  EXPECT_EQ(plain_text(least), "-9223372036854775808");
  EXPECT_EQ(subtract(WideDecimal{}, least).text, "9223372036854775808");
}

TEST(DecimalMath, AWideMantissaOfZerosNeedsNoText) {
  EXPECT_EQ(multiply(small(5'000'000'000'000'000'000, 0), small(4, 0)), small(2, 19));
}

TEST(DecimalMath, Exponents) {
  EXPECT_EQ(plain_text(number("1e-05")), "0.00001");
  EXPECT_EQ(plain_text(number("4E+2")), "400");
  EXPECT_EQ(plain_text(number("-12345678901234567890123e-3")), "-12345678901234567890.123");
  EXPECT_EQ(plain_text(number("12345678901234567890123E+2")), "1234567890123456789012300");
  EXPECT_EQ(plain_text(add(number("1e20"), number("1e-20"))), "100000000000000000000.00000000000000000001");
}

TEST(DecimalMath, ComparesNumbersNotSpellings) {
  EXPECT_EQ(compare(number("1.0"), number("1.000")), 0);
  EXPECT_EQ(compare(number("100"), number("1e2")), 0);
  EXPECT_EQ(compare(number("0"), number("-0.00")), 0);
  EXPECT_LT(compare(number("-2"), number("1")), 0);
  EXPECT_LT(compare(number("-2"), number("-1.99")), 0);
  EXPECT_GT(compare(number("1234567890.123456789012346"), number("1234567890.123456789012345")), 0);
  EXPECT_GT(compare(number("0.1"), number("0.09999999999999999999999999")), 0);
}

TEST(DecimalMath, Signs) {
  EXPECT_EQ(sign(number("-0.000")), 0);
  EXPECT_EQ(sign(number("0e5")), 0);
  EXPECT_EQ(sign(number("-1e-30")), -1);
  EXPECT_EQ(sign(number("1234567890.123456789012345")), 1);
  EXPECT_EQ(sign(number("-1234567890.123456789012345")), -1);
}

TEST(DecimalMath, PlainTextIsOneSpellingANumber) {
  for (const char* text : {"1.5", "1.50", "15e-1", "0.015E2", "1.500000000000000000000000"}) {
    EXPECT_EQ(plain_text(number(text)), "1.5") << text;
  }
  for (const char* text : {"0", "-0", "0.00", "0e9"}) EXPECT_EQ(plain_text(number(text)), "0") << text;
  EXPECT_EQ(plain_text(number("-0.5")), "-0.5");
}

}  // namespace
}  // namespace millrace::normalize

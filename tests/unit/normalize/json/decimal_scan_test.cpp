#include "normalize/json/decimal_scan.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <random>
#include <string>

#include "schemas/events/decimal.h"

namespace millrace::normalize {
namespace {

// Scans from a heap buffer that ends exactly with the padding, so that a sanitizer sees one byte too many.
struct Scanned {
  Scan result;
  std::int64_t mantissa = 0;
  friend bool operator==(const Scanned&, const Scanned&) = default;
};
Scanned scan(std::string_view text, int decimals, char filler = '7') {
  const auto buffer = std::make_unique<char[]>(text.size() + kScanPadding);
  std::memcpy(buffer.get(), text.data(), text.size());
  std::memset(buffer.get() + text.size(), filler, kScanPadding);
  Scanned got{};
  got.result = scan_decimal({buffer.get(), text.size()}, decimals, got.mantissa);
  return got;
}
Scanned ok(std::int64_t mantissa) { return {Scan::kOk, mantissa}; }
Scanned failed(Scan why) { return {why, 0}; }

TEST(ScanDecimal, ReadsWhatVenuesSend) {
  EXPECT_EQ(scan("61837.63000000", 2), ok(6183763));
  EXPECT_EQ(scan("61837.63000000", 8), ok(6183763000000));
  EXPECT_EQ(scan("0.00000000", 0), ok(0));
  EXPECT_EQ(scan("0.00006547", 8), ok(6547));
  EXPECT_EQ(scan("35", 0), ok(35));
  EXPECT_EQ(scan("35", 3), ok(35000));
  EXPECT_EQ(scan("40.0", 1), ok(400));
  EXPECT_EQ(scan("1e-08", 8), ok(1));
  EXPECT_EQ(scan("4E+2", 0), ok(400));
  EXPECT_EQ(scan("-12.340", 2), ok(-1234));
  EXPECT_EQ(scan("92141578.00", 8), ok(9214157800000000));
}

TEST(ScanDecimal, SaysWhenItNeedsFinerDecimals) {
  EXPECT_EQ(scan("0.123", 2), failed(Scan::kFiner));
  EXPECT_EQ(scan("5.1", 0), failed(Scan::kFiner));
  EXPECT_EQ(scan("1e-08", 7), failed(Scan::kFiner));
  EXPECT_EQ(scan("0.120", 2), ok(12));
}

TEST(ScanDecimal, ZerosThatEndAFractionNeverOverflow) {
  EXPECT_EQ(scan("61837.630000000000000000000000", 2), ok(6183763));
  EXPECT_EQ(scan("0.000000000000000000000000000000000000", 0), ok(0));
}

TEST(ScanDecimal, RefusesWhatDoesNotFit) {
  EXPECT_EQ(scan("9223372036854775807", 0), ok(std::numeric_limits<std::int64_t>::max()));
  EXPECT_EQ(scan("-9223372036854775808", 0), ok(std::numeric_limits<std::int64_t>::min()));
  EXPECT_EQ(scan("9223372036854775808", 0), failed(Scan::kTooLarge));
  EXPECT_EQ(scan("9223372036854775807", 1), failed(Scan::kTooLarge));
  EXPECT_EQ(scan("1e400", 0), failed(Scan::kTooLarge));
  EXPECT_EQ(scan("1e-399", 8), failed(Scan::kTooLarge));
  EXPECT_EQ(scan("1e999999999999", 0), failed(Scan::kTooLarge));
}

TEST(ScanDecimal, RefusesWhatIsNoNumber) {
  for (const char* text :
       {"",   "-",   ".",   "1.",  ".5",  "+1",   "1.2.3",    "1,5",       " 1",         "1 ",          "0x10",
        "1e", "1e+", "NaN", "--1", "12a", "1.2a", "1234567a", "12345678a", "1.1234567a", "1.12345678a", "1e5.0"}) {
    EXPECT_EQ(scan(text, 4), failed(Scan::kBad)) << text;
    EXPECT_EQ(decimals_of(text), -1) << text;
  }
}

TEST(ScanDecimal, DoesNotLookAtWhatFollowsTheText) {
  for (const char filler : {'0', '9', '.', '"', '\0', static_cast<char>(0xff)}) {
    EXPECT_EQ(scan("12", 0, filler), ok(12));
    EXPECT_EQ(scan("1.2", 3, filler), ok(1200));
    EXPECT_EQ(scan("1234567", 0, filler), ok(1234567));
    EXPECT_EQ(scan("12345678", 0, filler), ok(12345678));
    EXPECT_EQ(scan("1.12345678", 8, filler), ok(112345678));
    EXPECT_EQ(scan("", 0, filler), failed(Scan::kBad));
  }
}

TEST(DecimalsOf, CountsTheFewestThatAreExact) {
  EXPECT_EQ(decimals_of("1.50"), 1);
  EXPECT_EQ(decimals_of("40"), 0);
  EXPECT_EQ(decimals_of("400"), 0);
  EXPECT_EQ(decimals_of("0.00000000"), 0);
  EXPECT_EQ(decimals_of("1e-08"), 8);
  EXPECT_EQ(decimals_of("1e-31"), -1);
}

// Numbers, near-numbers and damage.
std::string some_text(std::mt19937_64& random) {
  const auto digits = [&random](std::uint64_t most) {
    std::string text;
    for (std::uint64_t n = random() % (most + 1); n > 0; --n) text += static_cast<char>('0' + random() % 10);
    return text;
  };
  std::string text = (random() % 8 == 0 ? "-" : "") + digits(random() % 4 == 0 ? 22 : 8);
  if (random() % 4 != 0) text += "." + digits(random() % 4 == 0 ? 24 : 8);
  if (random() % 4 == 0) text += std::string(random() % 20, '0');
  if (random() % 10 == 0) text += (random() % 2 == 0 ? "e-" : "E") + digits(2);
  if (!text.empty() && random() % 8 == 0) text[random() % text.size()] = static_cast<char>(random());
  return text;
}

TEST(ScanDecimal, AgreesWithParseDecimalOnEveryInput) {
  std::mt19937_64 random(20260727);
  for (int i = 0; i < 400'000; ++i) {
    const std::string text = some_text(random);
    const int decimals = static_cast<int>(random() % 12);
    const Scanned got = scan(text, decimals, static_cast<char>(random()));
    if (text.find('"') == std::string::npos) {
      const std::string quoted = text + '"' + std::string(kScanPadding, static_cast<char>(random()));
      Scanned in_quotes{};
      in_quotes.result = scan_quoted(quoted.data(), decimals, in_quotes.mantissa);
      ASSERT_EQ(in_quotes, got) << text << " at " << decimals;
    }
    std::int64_t slow_mantissa = 0;
    ASSERT_EQ(got.result, scan_decimal_slow(text, decimals, slow_mantissa)) << text << " at " << decimals;
    const auto want = schemas::parse_decimal(text);
    if (got.result == Scan::kOk) {
      ASSERT_EQ(got.mantissa, slow_mantissa) << text;
      ASSERT_TRUE(!want || schemas::rescaled(*want, -decimals) == got.mantissa) << text << " at " << decimals;
    } else {
      ASSERT_TRUE(!want || !schemas::rescaled(*want, -decimals)) << text << " at " << decimals;
    }
    ASSERT_TRUE(got.result != Scan::kBad || !want) << text;
  }
}

}  // namespace
}  // namespace millrace::normalize

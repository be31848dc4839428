#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "normalize/json/decimal_scan.h"
#include "schemas/events/decimal.h"
#include "tests/fuzz/encoding.h"

// The fast reader of decimals against the plain one, and text against value. The first byte says how many decimals.
namespace {

using millrace::normalize::Scan;
using millrace::schemas::Decimal;
using millrace::test::require;

struct Scanned {
  Scan scan;
  std::int64_t mantissa = 0;

  friend bool operator==(const Scanned&, const Scanned&) = default;
};

// Exactly the promised padding behind the text, whose bytes may be anything: `filler`.
Scanned scan_padded(std::string_view text, int decimals, char filler) {
  const std::size_t size = text.size() + millrace::normalize::kScanPadding;
  const auto buffer = std::make_unique<char[]>(size);
  std::memset(buffer.get(), filler, size);
  if (!text.empty()) std::memcpy(buffer.get(), text.data(), text.size());
  Scanned result{};
  result.scan = millrace::normalize::scan_decimal({buffer.get(), text.size()}, decimals, result.mantissa);
  return result;
}

// The same between quotes, as it stands in JSON.
Scanned scan_between_quotes(std::string_view text, int decimals) {
  const std::string quoted = std::string(text) + '"' + std::string(millrace::normalize::kScanPadding, '7');
  Scanned result{};
  result.scan = millrace::normalize::scan_quoted(quoted.data(), decimals, result.mantissa);
  return result;
}

// What the value is worth, by the general reader.
void compare_with_parser(std::string_view text, int decimals, const Scanned& scanned) {
  const auto parsed = millrace::schemas::parse_decimal(text);
  if (scanned.scan == Scan::kOk && parsed) require(equal_value(*parsed, Decimal{scanned.mantissa, -decimals}));
  if (scanned.scan == Scan::kBad) require(!parsed && !millrace::schemas::parse_wide_decimal(text));
  if (!parsed) return;
  require(scanned.scan != Scan::kBad);
  const auto rescaled = millrace::schemas::rescaled(*parsed, -decimals);
  require(rescaled.has_value() == (scanned.scan == Scan::kOk));
}

// Text that we write reads back as the same number.
void check_text(std::string_view text) {
  const auto parsed = millrace::schemas::parse_decimal(text);
  if (!parsed) return;
  const auto again = millrace::schemas::parse_decimal(to_plain(*parsed));
  if (again) require(equal_value(*parsed, *again));
  if (parsed->exponent <= 0) require(millrace::schemas::parse_decimal(to_text(*parsed)) == parsed);
  require(equal_value(*parsed, reduced(*parsed)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const int decimals = data[0] % (millrace::normalize::kMaxDecimals + 1);
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Scanned scanned = scan_padded(text, decimals, '0');
  require(scanned == scan_padded(text, decimals, '\xff'));
  if (text.find('"') == std::string_view::npos) require(scanned == scan_between_quotes(text, decimals));
  compare_with_parser(text, decimals, scanned);
  check_text(text);
  static_cast<void>(millrace::normalize::decimals_of(text));
  return 0;
}

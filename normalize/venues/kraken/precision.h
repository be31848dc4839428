#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "normalize/book/book.h"
#include "normalize/error.h"
#include "normalize/symbols/instrument_table.h"
#include "normalize/venues/kraken/messages.h"

// From the venue's number text to mantissas at one instrument's decimals. The decimals come from reference data;
// without it they are the most seen so far on the wire, trailing zeros included, and only ever grow.
namespace millrace::normalize::kraken {

// Decimals of prices and quantities of one instrument: the negative exponents of what is published, and what the
// checksum is printed with.
struct Precision {
  int price = 0;
  int quantity = 0;
  bool guessed = true;  // no reference data: what the wire shows counts

  static Precision of(const InstrumentInfo& info) noexcept;
  // Remembers a guess for the instrument; reference data stays what it is.
  void remember(InstrumentInfo& info) const noexcept;
};

// More decimals than any pair has; a number beyond is kBadNumber. At 18, an int64 still holds a price of 9.
inline constexpr int kMostDecimals = 18;

// Digits behind the point as written: "1.50" 2, "40.0" 1, "1e-05" 5, "7" 0.
int wire_decimals(std::string_view number) noexcept;

// A price and a quantity as mantissas at `precision`, which is raised where they need it (also on a false). False if
// one is no number, is negative, a price of zero, or does not fit; `bad_price` then says which. REQUIRES kScanPadding
// readable bytes behind both.
bool scan_level(std::string_view price, std::string_view quantity, Precision& precision, Level& out, bool& bad_price);

// The rows of a book message as levels, in order; reused. On error both are undefined, `precision` is unchanged, and
// the error names the row. Errors: kBadNumber. All rows have one precision: a finer number in the last row means that
// the first is scanned again.
struct RowLevels {
  std::vector<Level> bids;
  std::vector<Level> asks;

  Result<void> scan(const BookBody& body, Precision& precision);

 private:
  enum class Step : std::uint8_t { kDone, kAgain, kFailed };
  Step scan_side(const std::vector<BookRow>& rows, Precision& precision, std::vector<Level>& out);
  std::string failed_place_;
};

}  // namespace millrace::normalize::kraken

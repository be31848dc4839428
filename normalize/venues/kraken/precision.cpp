#include "normalize/venues/kraken/precision.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "normalize/json/decimal_scan.h"

namespace millrace::normalize::kraken {

namespace {

// Raises `decimals` to what an inexact number needs; false if it can not be had.
bool raise_for(std::string_view number, int& decimals) noexcept {
  const int needed = decimals_of(number);
  if (needed <= decimals || needed > kMostDecimals) return false;
  decimals = needed;
  return true;
}

// Raises `decimals` to those that a number is written with.
void learn(std::string_view number, int& decimals) noexcept {
  // Most numbers have as many as the one before.
  const auto known = static_cast<std::size_t>(decimals);
  if (number.size() > known && number[number.size() - known - 1] == '.') return;
  decimals = std::max(decimals, std::min(wire_decimals(number), kMostDecimals));
}

// Where a number is written with more decimals than known, and nothing else says how many there are, that many count.
void learn(std::string_view price, std::string_view quantity, Precision& precision) noexcept {
  learn(price, precision.price);
  learn(quantity, precision.quantity);
}

}  // namespace

// Without both precisions from the venue it is still a guess: the checksum needs both.
Precision Precision::of(const InstrumentInfo& info) noexcept {
  const bool known = info.has_reference && info.reference.price_decimals && info.reference.quantity_decimals;
  return {std::max(0, info.price_decimals), std::max(0, info.quantity_decimals), !known};
}

void Precision::remember(InstrumentInfo& info) const noexcept {
  if (!guessed) return;
  info.price_decimals = price;
  info.quantity_decimals = quantity;
}

// Bounded on both sides, so that no exponent of a hostile frame can overflow.
int wire_decimals(std::string_view number) noexcept {
  const std::size_t e = number.find_first_of("eE");
  const std::string_view plain = number.substr(0, e);
  const std::size_t point = plain.find('.');
  int decimals =
      point == std::string_view::npos ? 0 : static_cast<int>(std::min<std::size_t>(plain.size() - point - 1, 1000));
  if (e != std::string_view::npos) {
    std::string_view power = number.substr(e + 1);
    if (power.starts_with('+')) power.remove_prefix(1);
    int exponent = 0;
    const auto [stop, failed] = std::from_chars(power.data(), power.data() + power.size(), exponent);
    if (failed == std::errc{}) decimals -= std::clamp(exponent, -1000, 1000);
  }
  return std::max(0, decimals);
}

// A book of a spot market has no negative and no zero prices; a quantity of zero removes.
bool scan_level(std::string_view price, std::string_view quantity, Precision& precision, Level& out, bool& bad_price) {
  if (precision.guessed) learn(price, quantity, precision);
  Scan scan = scan_decimal(price, precision.price, out.price);
  if (scan == Scan::kFiner && raise_for(price, precision.price)) scan = scan_decimal(price, precision.price, out.price);
  bad_price = scan != Scan::kOk || out.price <= 0;
  if (bad_price) return false;
  scan = scan_decimal(quantity, precision.quantity, out.quantity);
  if (scan == Scan::kFiner && raise_for(quantity, precision.quantity)) {
    scan = scan_decimal(quantity, precision.quantity, out.quantity);
  }
  return scan == Scan::kOk && out.quantity >= 0;
}

// kAgain: a row raised the precision, so that the rows before it are at the wrong one.
RowLevels::Step RowLevels::scan_side(const std::vector<BookRow>& rows, Precision& precision, std::vector<Level>& out) {
  out.clear();
  for (const BookRow& row : rows) {
    const Precision before = precision;
    bool bad_price = false;
    if (!scan_level(row.price, row.quantity, precision, out.emplace_back(), bad_price)) {
      failed_place_ = fmt::format("[{}].{}", out.size() - 1, bad_price ? "price" : "qty");
      return Step::kFailed;
    }
    if (before.price != precision.price || before.quantity != precision.quantity) return Step::kAgain;
  }
  return Step::kDone;
}

// On a copy of the precision, which is kept only if all rows could be read.
Result<void> RowLevels::scan(const BookBody& body, Precision& precision) {
  Precision tried = precision;
  tried.guessed = false;  // learnt here, for all rows at once
  if (precision.guessed) {
    for (const auto* side : {&body.bids, &body.asks}) {
      for (const BookRow& row : *side) learn(row.price, row.quantity, tried);
    }
  }
  // Each repetition has more decimals than the one before, so there are at most 2 * kMostDecimals.
  for (Step step = Step::kAgain; step == Step::kAgain;) {
    step = scan_side(body.bids, tried, bids);
    if (step == Step::kFailed) return Error{Errc::kBadNumber, "data[0].bids" + failed_place_};
    if (step == Step::kAgain) continue;
    step = scan_side(body.asks, tried, asks);
    if (step == Step::kFailed) return Error{Errc::kBadNumber, "data[0].asks" + failed_place_};
  }
  precision.price = tried.price;
  precision.quantity = tried.quantity;
  return {};
}

}  // namespace millrace::normalize::kraken

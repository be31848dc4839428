#include "tests/unit/cli/normalize/rebuilt.h"

namespace millrace::cli::test {
namespace {

constexpr int kDigits = 20;

Scaled power_of_ten(int exponent) { return boost::multiprecision::pow(Scaled{10}, static_cast<unsigned>(exponent)); }

template <class Side, class Prices, class Quantities>
void apply(Side& side, const millrace::v1::Book& record, const Prices& prices, const Quantities& quantities) {
  for (int i = 0; i < prices.size(); ++i) {
    const Scaled price = scaled(prices[i], record.price_exponent());
    side.erase(price);
    if (quantities[i] != 0) side[price] = scaled(quantities[i], record.quantity_exponent());
  }
}

template <class Side>
std::string best(const Side& side) {
  return side.empty() ? "- -" : plain(side.begin()->first) + ' ' + plain(side.begin()->second);
}

}  // namespace

Scaled scaled(std::int64_t mantissa, std::int32_t exponent) { return mantissa * power_of_ten(kDigits + exponent); }

Scaled scaled(std::string_view text) {
  std::string digits;
  int decimals = 0;
  for (const char c : text) {
    if (c == '.') decimals = 1;
    if (c == '.') continue;
    digits += c;
    decimals += decimals > 0 ? 1 : 0;
  }
  // The number starts with a digit that is not 0, else it would be read as octal.
  const std::size_t start = digits.find_first_not_of('0');
  if (start == digits.npos) return 0;
  return Scaled{digits.substr(start)} * power_of_ten(kDigits - (decimals > 0 ? decimals - 1 : 0));
}

std::string plain(const Scaled& value) {
  std::string digits = value.str();
  if (digits.size() <= kDigits) digits.insert(0, kDigits + 1 - digits.size(), '0');
  digits.insert(digits.size() - kDigits, ".");
  digits.erase(digits.find_last_not_of('0') + 1);
  if (digits.back() == '.') digits.pop_back();
  return digits;
}

void RebuiltBook::add(const millrace::v1::Book& record) {
  const bool snapshot = record.kind() == millrace::v1::BOOK_KIND_SNAPSHOT;
  if (snapshot) bids.clear();
  if (snapshot) asks.clear();
  apply(bids, record, record.bid_price(), record.bid_quantity());
  apply(asks, record, record.ask_price(), record.ask_quantity());
  ++(snapshot ? snapshots : deltas);
  last_id = record.meta().venue_seq();
  crossed += !bids.empty() && !asks.empty() && bids.begin()->first >= asks.begin()->first ? 1 : 0;

  std::string line = best(bids) + ' ' + best(asks) + '\n';
  if (line == line_) return;
  ++bbo_changes_all;
  bbo_changes += snapshot ? 0 : 1;
  bbo_sha256.add(line);
  line_ = std::move(line);
}

void RebuiltTrades::add(const millrace::v1::Trade& record) {
  if (count++ == 0) first_id = record.trade_id();
  last_id = record.trade_id();
  buys += record.aggressor() == millrace::v1::SIDE_BUY ? 1 : 0;
  sells += record.aggressor() == millrace::v1::SIDE_SELL ? 1 : 0;
  const Scaled traded = scaled(record.quantity(), record.quantity_exponent());
  quantity += traded;
  value += traded * scaled(record.price(), record.price_exponent());
}

std::map<std::string, RebuiltSymbol> rebuild(const std::vector<millrace::v1::Record>& records) {
  std::map<std::string, RebuiltSymbol> symbols;
  for (const millrace::v1::Record& record : records) {
    if (record.has_book()) symbols[record.book().meta().symbol()].book.add(record.book());
    if (record.has_bbo()) ++symbols[record.bbo().meta().symbol()].quotes[record.dataset()];
    if (record.has_trade() && record.trade().meta().origin() == millrace::v1::ORIGIN_LIVE) {
      symbols[record.trade().meta().symbol()].trades[record.dataset()].add(record.trade());
    }
  }
  return symbols;
}

}  // namespace millrace::cli::test

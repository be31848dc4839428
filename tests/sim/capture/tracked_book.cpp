#include "tests/sim/capture/tracked_book.h"

#include <simdjson.h>

#include <utility>

#include "tests/sim/market/number.h"

namespace millrace::sim {

namespace {

using simdjson::SUCCESS;
using simdjson::dom::element;

// Rows ["price","quantity"]; what does not fit the instrument's decimals is left out.
void set_rows(Book& book, Side side, const simdjson::simdjson_result<element>& rows, int price_decimals,
              int quantity_decimals) {
  simdjson::dom::array list;
  if (rows.get(list) != SUCCESS) return;
  for (const auto row : list) {
    std::string_view price, quantity;
    if (row.at(0).get(price) != SUCCESS || row.at(1).get(quantity) != SUCCESS) continue;
    const auto price_mantissa = parse_fixed(price, price_decimals);
    const auto quantity_mantissa = parse_fixed(quantity, quantity_decimals);
    if (price_mantissa && quantity_mantissa) book.set(side, *price_mantissa, *quantity_mantissa);
  }
}

}  // namespace

void TrackedBook::load(std::string_view body) {
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(body.data(), body.size()).get(root) != SUCCESS) return;
  if (root["lastUpdateId"].get(last_id_) != SUCCESS) return;
  book_ = {};
  set_rows(book_, Side::kBid, root["bids"], price_decimals_, quantity_decimals_);
  set_rows(book_, Side::kAsk, root["asks"], price_decimals_, quantity_decimals_);
  loaded_ = true;
  for (const std::string& text : std::exchange(early_, {})) apply(text);
}

void TrackedBook::apply(std::string_view text) {
  if (!loaded_) {
    early_.emplace_back(text);
    if (early_.size() > kKept) early_.pop_front();
    return;
  }
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(text.data(), text.size()).get(root) != SUCCESS) return;
  const auto data = root["data"];
  std::int64_t id = 0;
  if (data["u"].get(id) != SUCCESS || id <= last_id_) return;
  last_id_ = id;
  set_rows(book_, Side::kBid, data["b"], price_decimals_, quantity_decimals_);
  set_rows(book_, Side::kAsk, data["a"], price_decimals_, quantity_decimals_);
}

}  // namespace millrace::sim

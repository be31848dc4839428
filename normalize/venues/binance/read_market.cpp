#include <array>

#include "normalize/venues/binance/message_reader.h"

// The messages of the hot path.
namespace millrace::normalize::binance {
namespace {

std::string_view missing_key(std::span<const NumberField> fields) noexcept {
  for (const NumberField& field : fields) {
    if (field.text == nullptr) return field.key;
  }
  return {};
}

}  // namespace

// The keys are single letters that differ by case only, so a switch over the first character after a test for the
// closing quote is the exact comparison.
MILLRACE_FLATTEN bool MessageReader::read_quote(od::object& object) {
  Quote& quote = decoder.quote;
  quote = {};
  bool has_id = false;
  std::array<NumberField, 4> fields{{{nullptr, &quote.bid.price, "b", true},
                                     {nullptr, &quote.bid.quantity, "B", false},
                                     {nullptr, &quote.ask.price, "a", true},
                                     {nullptr, &quote.ask.quantity, "A", false}}};
  const bool read = each_field(object, [&](const char* key, od::value& value) {
    if (key[1] != '"') return true;
    switch (key[0]) {
      case 'u':
        has_id = true;
        return read_integer(value, "u", quote.u);
      case 'b':
        return read_text(value, "b", fields[0].text);
      case 'B':
        return read_text(value, "B", fields[1].text);
      case 'a':
        return read_text(value, "a", fields[2].text);
      case 'A':
        return read_text(value, "A", fields[3].text);
      default:
        return read_common(key, value, quote);
    }
  });
  if (!read) return false;
  if (quote.symbol.empty()) return fail(Errc::kMissingField, "s");
  if (!has_id) return fail(Errc::kMissingField, "u");
  if (const auto key = missing_key(fields); !key.empty()) return fail(Errc::kMissingField, key);
  quote.decimals = decoder.first_decimals(quote);
  return scan(fields, quote.decimals);
}

// [["0.0024","10"],...]; more cells than two (old answers had an empty array there) are ignored.
MILLRACE_FLATTEN bool MessageReader::read_rows(od::value& value, std::string_view key,
                                               std::vector<schemas::Level>& side, std::vector<schemas::Level>& other,
                                               Decimals& decimals) {
  od::array rows;
  if (const auto code = value.get_array().get(rows)) return fail(code, key);
  const auto fail_row = [&](Errc code, const char* member) { return fail(code, row_place(key, side.size(), member)); };
  for (auto item : rows) {
    od::array cells;
    if (const auto code = item.get_array().get(cells)) return fail_row(errc_of(code), "row");
    schemas::Level level;
    Errc bad{};
    auto cell = cells.begin().value_unsafe();
    const auto end = cells.end().value_unsafe();
    if (!read_cell(cell, end, true, side, other, decimals, level.price, bad)) return fail_row(bad, "price");
    if (!read_cell(cell, end, false, side, other, decimals, level.quantity, bad)) return fail_row(bad, "quantity");
    // A step over broken JSON goes nowhere, so each is asked for its error.
    for (; cell != end; ++cell) {
      if (const auto code = (*cell).error()) return fail_row(errc_of(code), "row");
    }
    if (level.quantity < 0) return fail_row(Errc::kBadNumber, "quantity");
    if (side.size() == kMaxRows) return fail(Errc::kTooLarge, key);
    side.push_back(level);
  }
  return true;
}

// Reads rows at the decimals known so far; the symbol usually stands in front of them. Where it does not, they begin at
// none and are raised.
MILLRACE_FLATTEN bool MessageReader::read_depth(od::object& object) {
  Depth& depth = decoder.depth;
  clear(depth);
  enum : unsigned { kFirst = 1, kLast = 2, kBids = 4, kAsks = 8 };
  unsigned seen = 0;
  const bool read = each_field(object, [&](const char* key, od::value& value) {
    if (key[1] != '"') {
      if (!is(key, "pu")) return true;
      return read_integer(value, "pu", depth.ids.pu.emplace());
    }
    switch (key[0]) {
      case 'U':
        seen |= kFirst;
        return read_integer(value, "U", depth.ids.U);
      case 'u':
        seen |= kLast;
        return read_integer(value, "u", depth.ids.u);
      case 'b':
        seen |= kBids;
        return read_rows(value, "b", depth.bids, depth.asks, depth.decimals);
      case 'a':
        seen |= kAsks;
        return read_rows(value, "a", depth.asks, depth.bids, depth.decimals);
      case 's':
        if (!read_symbol(value, depth)) return false;
        // Only rows that are still to come may begin with them.
        if (depth.bids.empty() && depth.asks.empty()) depth.decimals = decoder.first_decimals(depth);
        return true;
      default:
        return read_common(key, value, depth);
    }
  });
  if (!read) return false;
  if (depth.symbol.empty()) return fail(Errc::kMissingField, "s");
  if ((seen & kFirst) == 0) return fail(Errc::kMissingField, "U");
  if ((seen & kLast) == 0) return fail(Errc::kMissingField, "u");
  if ((seen & kBids) == 0) return fail(Errc::kMissingField, "b");
  if ((seen & kAsks) == 0) return fail(Errc::kMissingField, "a");
  if (depth.ids.U > depth.ids.u) return fail(Errc::kBadNumber, "U");
  return true;
}

MILLRACE_FLATTEN bool MessageReader::read_trade(od::object& object, MessageKind kind) {
  TradeMessage& trade = decoder.trade;
  trade = {};
  const bool aggregated = kind == MessageKind::kAggTrade;
  const char id_key = aggregated ? 'a' : 't';  // an old trade has the buyer's and seller's orders as b and a
  bool has_id = false;
  bool has_maker = false;
  std::array<NumberField, 2> fields{{{nullptr, &trade.price, "p", true}, {nullptr, &trade.quantity, "q", false}}};
  const bool read = each_field(object, [&](const char* key, od::value& value) {
    if (key[1] != '"') return true;
    if (key[0] == id_key) {
      has_id = true;
      trade.id_text = token_of(value.raw_json_token()).text;
      return read_integer(value, aggregated ? "a" : "t", trade.id);
    }
    switch (key[0]) {
      case 'p':
        return read_text(value, "p", fields[0].text);
      case 'q':
        return read_text(value, "q", fields[1].text);
      case 'f':
        return !aggregated || read_integer(value, "f", trade.first_id.emplace());
      case 'l':
        return !aggregated || read_integer(value, "l", trade.last_id.emplace());
      case 'm': {
        has_maker = true;
        const auto code = value.get_bool().get(trade.buyer_is_maker);
        return code == simdjson::SUCCESS || fail(code, "m");
      }
      case 'X': {
        const char* text = nullptr;
        if (!read_text(value, "X", text)) return false;
        trade.order_type = text_to_quote(text);
        return true;
      }
      default:
        return read_common(key, value, trade);
    }
  });
  if (!read) return false;
  if (trade.symbol.empty()) return fail(Errc::kMissingField, "s");
  if (!has_id) return fail(Errc::kMissingField, aggregated ? "a" : "t");
  if (!has_maker) return fail(Errc::kMissingField, "m");
  if (const auto key = missing_key(fields); !key.empty()) return fail(Errc::kMissingField, key);
  trade.decimals = decoder.first_decimals(trade);
  return scan(fields, trade.decimals);
}

// Times are optional: spot sends none (rest-api.md, Order book), futures send E and T.
bool MessageReader::read_snapshot(od::object& object) {
  Snapshot& snapshot = decoder.snapshot;
  enum : unsigned { kId = 1, kBids = 2, kAsks = 4 };
  unsigned seen = 0;
  const bool read = each_field(object, [&](const char* key, od::value& value) {
    if (is(key, "lastUpdateId")) return seen |= kId, read_integer(value, "lastUpdateId", snapshot.id);
    if (is(key, "bids"))
      return seen |= kBids, read_rows(value, "bids", snapshot.bids, snapshot.asks, snapshot.decimals);
    if (is(key, "asks"))
      return seen |= kAsks, read_rows(value, "asks", snapshot.asks, snapshot.bids, snapshot.decimals);
    if (is(key, "E")) read_time(value, snapshot, snapshot.sent);
    if (is(key, "T")) read_time(value, snapshot, snapshot.happened);
    return true;
  });
  if (!read) return false;
  if ((seen & kId) == 0) return fail(Errc::kMissingField, "lastUpdateId");
  if ((seen & kBids) == 0) return fail(Errc::kMissingField, "bids");
  if ((seen & kAsks) == 0) return fail(Errc::kMissingField, "asks");
  return true;
}

}  // namespace millrace::normalize::binance

#include "normalize/venues/binance/plain_reader.h"

#include "normalize/venues/binance/message_reader.h"

namespace millrace::normalize::binance {

// On a copy, which stays in registers: a member's position would go through memory at each step, as the rows that are
// written meanwhile might be it.
MILLRACE_FLATTEN bool PlainReader::read_data(MessageKind kind) {
  PlainScan scan = scan_;
  const bool read = read_message(scan, kind);
  scan_ = scan;
  return read;
}

bool PlainReader::read_message(PlainScan& scan, MessageKind kind) {
  switch (kind) {
    case MessageKind::kQuote:
      return read_quote(scan);
    case MessageKind::kDepth:
      return read_depth(scan);
    case MessageKind::kTrade:
    case MessageKind::kAggTrade:
      return read_trade(scan, kind);
    default:
      return false;
  }
}

bool PlainReader::read_time(PlainScan& scan, Header& header, std::optional<schemas::UnixNanos>& out) {
  std::int64_t time = 0;
  if (!scan.integer(time)) return false;
  out = nanos_from_wire(time);
  header.bad_time |= !out;
  return true;
}

// A symbol that comes twice, or after numbers, is not what the venue writes: refused, and read the general way.
bool PlainReader::read_symbol(PlainScan& scan, Header& header) {
  if (!scan.text(header.symbol)) return false;
  header.instrument = decoder_.table_.find_padded(header.symbol);
  if (!header.instrument || known_) return false;
  decimals_ = decoder_.first_decimals(header);
  known_ = true;
  return true;
}

bool PlainReader::read_common(PlainScan& scan, char key, Header& header) {
  switch (key) {
    case 'E':
      return read_time(scan, header, header.sent);
    case 'T':
      return read_time(scan, header, header.happened);
    case 's':
      return read_symbol(scan, header);
    default:
      return scan.skip();
  }
}

// Every member must have been seen, else what is missing would be taken for zero.
bool PlainReader::read_quote(PlainScan& scan) {
  Quote& quote = decoder_.quote;
  quote = {};
  enum : unsigned { kId = 1, kBid = 2, kBidQuantity = 4, kAsk = 8, kAskQuantity = 16, kAll = 31 };
  unsigned seen = 0;
  const bool read = scan.object([&](const char* key) {
    if (key[1] != '"') return scan.skip();
    switch (key[0]) {
      case 'u':
        seen |= kId;
        return scan.integer(quote.u);
      case 'b':
        seen |= kBid;
        return read_price(scan, quote.bid.price);
      case 'B':
        seen |= kBidQuantity;
        return read_quantity(scan, quote.bid.quantity);
      case 'a':
        seen |= kAsk;
        return read_price(scan, quote.ask.price);
      case 'A':
        seen |= kAskQuantity;
        return read_quantity(scan, quote.ask.quantity);
      default:
        return read_common(scan, key[0], quote);
    }
  });
  quote.decimals = decimals_;
  return read && seen == kAll;
}

// [["0.0024","10"],...]. The prices of a side mostly are of one length, the quantities are not.
bool PlainReader::read_rows(PlainScan& scan, std::vector<schemas::Level>& side) {
  if (scan.literal("[]")) return true;
  if (!known_ || !scan.literal(R"([[")")) return false;
  std::ptrdiff_t price_length = 0;
  do {
    std::int64_t price = 0;
    std::int64_t quantity = 0;
    const bool read = scan.number_like(price_length, decimals_.price, price) && scan.literal(R"(",")") &&
                      scan.number(decimals_.quantity, quantity) && quantity >= 0;
    if (!read || side.size() == kMaxRows) return false;
    schemas::Level& level = side.emplace_back();
    level.price = price;
    level.quantity = quantity;
  } while (scan.literal(R"("],[")"));
  return scan.literal(R"("]])");
}

// A missing member leaves its bit unset; `pu` is the chain's to ask for, as spot has none.
bool PlainReader::read_depth(PlainScan& scan) {
  Depth& depth = decoder_.depth;
  clear(depth);
  enum : unsigned { kFirst = 1, kLast = 2, kBids = 4, kAsks = 8, kAll = 15 };
  unsigned seen = 0;
  const bool read = scan.object([&](const char* key) {
    if (key[1] != '"') {
      return MessageReader::is(key, "pu") ? scan.integer(depth.ids.pu.emplace()) : scan.skip();
    }
    switch (key[0]) {
      case 'U':
        seen |= kFirst;
        return scan.integer(depth.ids.U);
      case 'u':
        seen |= kLast;
        return scan.integer(depth.ids.u);
      case 'b':
        seen |= kBids;
        return read_rows(scan, depth.bids);
      case 'a':
        seen |= kAsks;
        return read_rows(scan, depth.asks);
      default:
        return read_common(scan, key[0], depth);
    }
  });
  depth.decimals = decimals_;
  return read && known_ && seen == kAll && depth.ids.U <= depth.ids.u;
}

// Members that differ between trade and aggTrade by name only ("a" is an id here and a seller's order there) are told
// apart by the kind.
bool PlainReader::read_trade(PlainScan& scan, MessageKind kind) {
  TradeMessage& trade = decoder_.trade;
  trade = {};
  const bool aggregated = kind == MessageKind::kAggTrade;
  const char id_key = aggregated ? 'a' : 't';
  enum : unsigned { kId = 1, kPrice = 2, kQuantity = 4, kMaker = 8, kAll = 15 };
  unsigned seen = 0;
  const bool read = scan.object([&](const char* key) {
    if (key[1] != '"') return scan.skip();
    if (key[0] == id_key) {
      seen |= kId;
      const char* const begin = scan.position();
      const bool is_integer = scan.integer(trade.id);
      trade.id_text = scan.text_since(begin);
      return is_integer;
    }
    switch (key[0]) {
      case 'p':
        seen |= kPrice;
        return read_price(scan, trade.price);
      case 'q':
        seen |= kQuantity;
        return read_quantity(scan, trade.quantity);
      case 'f':
        return aggregated ? scan.integer(trade.first_id.emplace()) : scan.skip();
      case 'l':
        return aggregated ? scan.integer(trade.last_id.emplace()) : scan.skip();
      case 'm':
        seen |= kMaker;
        return scan.boolean(trade.buyer_is_maker);
      case 'X':
        return scan.text(trade.order_type);
      default:
        return read_common(scan, key[0], trade);
    }
  });
  trade.decimals = decimals_;
  return read && seen == kAll;
}

}  // namespace millrace::normalize::binance

#include "normalize/venues/binance/plain_reader.h"

#include "normalize/venues/binance/message_reader.h"

namespace millrace::normalize::binance {

MILLRACE_FLATTEN bool PlainReader::read_data(MessageKind kind) {
  switch (kind) {
    case MessageKind::kQuote:
      return read_quote();
    case MessageKind::kDepth:
      return read_depth();
    case MessageKind::kTrade:
    case MessageKind::kAggTrade:
      return read_trade(kind);
    default:
      return false;
  }
}

bool PlainReader::read_time(Header& header, std::optional<schemas::UnixNanos>& out) {
  std::int64_t time = 0;
  if (!scan_.integer(time)) return false;
  out = nanos_from_wire(time);
  header.bad_time |= !out;
  return true;
}

// A symbol that comes twice, or after numbers, is not what the venue writes: refused, and read the general way.
bool PlainReader::read_symbol(Header& header) {
  if (!scan_.text(header.symbol)) return false;
  header.instrument = decoder_.table_.find_padded(header.symbol);
  if (!header.instrument || known_) return false;
  decimals_ = decoder_.first_decimals(header);
  known_ = true;
  return true;
}

bool PlainReader::read_common(char key, Header& header) {
  switch (key) {
    case 'E':
      return read_time(header, header.sent);
    case 'T':
      return read_time(header, header.happened);
    case 's':
      return read_symbol(header);
    default:
      return scan_.skip();
  }
}

// Every member must have been seen, else what is missing would be taken for zero.
bool PlainReader::read_quote() {
  Quote& quote = decoder_.quote;
  quote = {};
  enum : unsigned { kId = 1, kBid = 2, kBidQuantity = 4, kAsk = 8, kAskQuantity = 16, kAll = 31 };
  unsigned seen = 0;
  const bool read = scan_.object([&](const char* key) {
    if (key[1] != '"') return scan_.skip();
    switch (key[0]) {
      case 'u':
        seen |= kId;
        return scan_.integer(quote.u);
      case 'b':
        seen |= kBid;
        return read_price(quote.bid.price);
      case 'B':
        seen |= kBidQuantity;
        return read_quantity(quote.bid.quantity);
      case 'a':
        seen |= kAsk;
        return read_price(quote.ask.price);
      case 'A':
        seen |= kAskQuantity;
        return read_quantity(quote.ask.quantity);
      default:
        return read_common(key[0], quote);
    }
  });
  quote.decimals = decimals_;
  return read && seen == kAll;
}

// [["0.0024","10"],...]
bool PlainReader::read_rows(std::vector<schemas::Level>& side) {
  if (!scan_.take('[')) return false;
  if (scan_.take(']')) return true;
  do {
    schemas::Level level;
    const bool read = scan_.take('[') && read_price(level.price) && scan_.take(',') && read_quantity(level.quantity) &&
                      scan_.take(']');
    if (!read || side.size() == kMaxRows) return false;
    side.push_back(level);
  } while (scan_.take(','));
  return scan_.take(']');
}

// A missing member leaves its bit unset; `pu` is the chain's to ask for, as spot has none.
bool PlainReader::read_depth() {
  Depth& depth = decoder_.depth;
  clear(depth);
  enum : unsigned { kFirst = 1, kLast = 2, kBids = 4, kAsks = 8, kAll = 15 };
  unsigned seen = 0;
  const bool read = scan_.object([&](const char* key) {
    if (key[1] != '"') {
      return MessageReader::is(key, "pu") ? scan_.integer(depth.ids.pu.emplace()) : scan_.skip();
    }
    switch (key[0]) {
      case 'U':
        seen |= kFirst;
        return scan_.integer(depth.ids.U);
      case 'u':
        seen |= kLast;
        return scan_.integer(depth.ids.u);
      case 'b':
        seen |= kBids;
        return read_rows(depth.bids);
      case 'a':
        seen |= kAsks;
        return read_rows(depth.asks);
      default:
        return read_common(key[0], depth);
    }
  });
  depth.decimals = decimals_;
  return read && known_ && seen == kAll && depth.ids.U <= depth.ids.u;
}

// Members that differ between trade and aggTrade by name only ("a" is an id here and a seller's order there) are told
// apart by the kind.
bool PlainReader::read_trade(MessageKind kind) {
  TradeMessage& trade = decoder_.trade;
  trade = {};
  const bool aggregated = kind == MessageKind::kAggTrade;
  const char id_key = aggregated ? 'a' : 't';
  enum : unsigned { kId = 1, kPrice = 2, kQuantity = 4, kMaker = 8, kAll = 15 };
  unsigned seen = 0;
  const bool read = scan_.object([&](const char* key) {
    if (key[1] != '"') return scan_.skip();
    if (key[0] == id_key) {
      seen |= kId;
      const char* const begin = scan_.position();
      const bool is_integer = scan_.integer(trade.id);
      trade.id_text = scan_.text_since(begin);
      return is_integer;
    }
    switch (key[0]) {
      case 'p':
        seen |= kPrice;
        return read_price(trade.price);
      case 'q':
        seen |= kQuantity;
        return read_quantity(trade.quantity);
      case 'f':
        return aggregated ? scan_.integer(trade.first_id.emplace()) : scan_.skip();
      case 'l':
        return aggregated ? scan_.integer(trade.last_id.emplace()) : scan_.skip();
      case 'm':
        seen |= kMaker;
        return scan_.boolean(trade.buyer_is_maker);
      case 'X':
        return scan_.text(trade.order_type);
      default:
        return read_common(key[0], trade);
    }
  });
  trade.decimals = decimals_;
  return read && seen == kAll;
}

}  // namespace millrace::normalize::binance

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "normalize/error.h"
#include "normalize/json/json_parser.h"
#include "normalize/symbols/instrument_table.h"
#include "normalize/venues/binance/update_chain.h"
#include "schemas/events/market.h"

// What Binance sends, as it names it. All views and spans point into the frame or the decoder and live until the next
// decode. Keys are case-sensitive and collide (u/U, b/B, t/T): every comparison here is exact.
namespace millrace::normalize::binance {

enum class MessageKind : std::uint8_t {
  kQuote,  // bookTicker
  kDepth,  // depthUpdate
  kTrade,  // trade, aggTrade
  kAggTrade,
  kCandle,    // kline
  kTicker,    // 24hrTicker
  kShutdown,  // serverShutdown
  kReply,     // to something that we sent
  kOther,     // a type that we do not read
};

// Decimals that a message's mantissas stand at.
struct Decimals {
  int price = 0;
  int quantity = 0;

  friend bool operator==(const Decimals&, const Decimals&) = default;
};

// What every message about an instrument has. Times are ns; absent if not sent or not readable (`bad_time`).
struct Header {
  std::string_view symbol;
  std::optional<InstrumentId> instrument;      // if the table knows the symbol
  std::optional<schemas::UnixNanos> sent;      // E
  std::optional<schemas::UnixNanos> happened;  // T
  bool bad_time = false;
};

// Individual symbol book ticker. Spot has no "e" and no times:
// {"u":400900217,"s":"BNBUSDT","b":"25.35190000","B":"31.21000000","a":"25.36520000","A":"40.66000000"}
struct Quote : Header {
  std::int64_t u = 0;
  Decimals decimals;
  schemas::Level bid, ask;
};

// {"e":"depthUpdate","E":123456789,"s":"BNBBTC","U":157,"u":160,"b":[["0.0024","10"]],"a":[["0.0026","100"]]}
struct Depth : Header {
  UpdateIds ids;
  Decimals decimals;
  std::vector<schemas::Level> bids, asks;
};

// {"e":"trade","E":..,"s":"BNBBTC","t":12345,"p":"0.001","q":"100","T":..,"m":true,"M":true}; aggTrade has a, f and l
struct TradeMessage : Header {
  std::int64_t id = 0;
  std::string_view id_text;
  Decimals decimals;
  std::int64_t price = 0;
  std::int64_t quantity = 0;
  bool buyer_is_maker = false;
  std::optional<std::int64_t> first_id, last_id;
  std::string_view order_type;  // X, futures only
};

// {"e":"kline","E":..,"s":"BNBBTC","k":{"t":..,"T":..,"i":"1m","o":"0.0010",..,"x":false,"q":"1.0","V":"500","Q":".."}}
struct CandleMessage : Header {
  schemas::Candle body;
};
// {"e":"24hrTicker","E":..,"s":"BNBBTC","p":"0.0015","P":"250.00","w":"0.0018","c":"0.0025","Q":"10",..,"n":18151}
struct TickerMessage : Header {
  schemas::Ticker body;
};

// {"result":null,"id":1} or {"code":2,"msg":"...","id":1} or {"error":{"code":..,"msg":".."},"id":..}
struct Reply {
  std::optional<std::int64_t> id;
  bool refused = false;
  std::string_view text;  // of the refusal, as on the wire
};

// {"lastUpdateId":1027024,"bids":[["4.00000000","431.00000000"]],"asks":[...]}; futures add E and T
struct Snapshot : Header {
  std::int64_t id = 0;
  std::size_t levels_asked = 0;  // a side that has as many was cut
  Decimals decimals;
  std::vector<schemas::Level> bids, asks;
};

// Reads one message at a time into its members. Raw and combined form ("stream" and "data"), any order of keys, unknown
// keys ignored. Does not allocate once its buffers have grown. One per connection; not thread-safe.
class MessageDecoder {
 public:
  // `table` gives instruments and the decimals to begin with; not owned, must outlive the decoder.
  explicit MessageDecoder(const InstrumentTable& table);

  // The kind of the message, whose member then holds it; or nullopt, and error() says what and where. `text` has
  // kFramePadding readable bytes behind it. Members of other kinds keep what they had.
  std::optional<MessageKind> decode(std::string_view text);
  // A REST depth answer into `snapshot`, padded like a frame. `symbol` comes from the request: the answer does not name
  // it, so an answer to the wrong request would be believed. The view is kept until the next one.
  bool decode_snapshot(std::string_view text, std::string_view symbol);

  const Error& error() const noexcept { return error_; }

  Quote quote;
  Depth depth;
  TradeMessage trade;
  CandleMessage candle;
  TickerMessage ticker;
  Reply reply;
  Snapshot snapshot;

 private:
  friend struct MessageReader;
  friend class PlainReader;

  // Those that numbers of its instrument have had so far.
  Decimals first_decimals(const Header& header) const noexcept;

  const InstrumentTable& table_;
  JsonParser parser_;
  Error error_{};
};

}  // namespace millrace::normalize::binance

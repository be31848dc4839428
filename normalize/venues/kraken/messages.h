#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "normalize/error.h"
#include "normalize/json/json_parser.h"
#include "schemas/events/meta.h"

// The messages of Kraken's WebSocket v2 as the venue names them, before anything is known of books or precisions.
// Numbers stay text, so that no digit is lost; every view points into the frame or into the reader's buffer and is
// valid until the next read.
namespace millrace::normalize::kraken {

// A venue time: absent, unreadable, or a time.
struct WireTime {
  std::optional<schemas::UnixNanos> time;
  bool bad = false;  // absent, or not RFC 3339
};

// One level of `bids` or `asks`; quantity 0 removes it.
struct BookRow {
  std::string_view price;
  std::string_view quantity;
};

// The one element of a `book` message: docs.kraken.com, websocket-v2/book. Rows in the order to apply; a price may come
// twice in one message, and the last one holds.
struct BookBody {
  std::string_view symbol;
  std::vector<BookRow> bids;
  std::vector<BookRow> asks;
  std::uint32_t checksum = 0;
  WireTime time;
};

// One element of a `trade` message: docs.kraken.com, websocket-v2/trade. Ids are a sequence per book.
struct TradeRow {
  std::string_view symbol;
  schemas::Side side = schemas::Side::kUnspecified;  // the taker's
  std::string_view price;
  std::string_view quantity;
  std::string_view order_type;
  std::string_view trade_id;  // as sent; `id` is the same as a number
  std::int64_t id = 0;
  WireTime time;
};

// One element of a `ticker` message (docs.kraken.com, websocket-v2/ticker); a field that was not sent, or is null, is
// empty. Volume, vwap, low, high and change are of the last 24 h.
struct TickerRow {
  std::string_view symbol;
  std::string_view bid, bid_quantity, ask, ask_quantity, last, volume, vwap, low, high, change, change_percent;
  WireTime time;
};

// One element of an `ohlc` message: docs.kraken.com, websocket-v2/ohlc. Its key is (symbol, interval, begin); there is
// no word for a bar that is finished.
struct CandleRow {
  std::string_view symbol;
  std::string_view open, high, low, close, volume, vwap;
  std::int64_t trades = 0;
  std::int64_t interval = 0;  // minutes
  schemas::UnixNanos begin = 0;
  std::optional<schemas::UnixNanos> end;  // the deprecated `timestamp` of the row
};

// One pair of an `instrument` message or of the REST answer AssetPairs; empty or absent where that source has it not.
// docs.kraken.com, websocket-v2/instrument and rest-api/get-tradable-asset-pairs.
struct PairRow {
  std::string_view symbol;  // as WebSocket v2 spells it, or REST's wsname
  std::string_view base, quote, status;
  std::string_view tick_size, quantity_step, quantity_min, cost_min;
  std::optional<std::int64_t> price_precision, quantity_precision;
};

// The answer to a subscribe or unsubscribe: one per symbol, also where one request named many. A refusal has an error
// and no result; which members name the stream then differs from error to error.
struct Reply {
  bool subscribe = false;  // else unsubscribe
  bool success = false;
  std::string_view channel;
  std::string_view symbol;
  std::string_view error;
  std::string_view event_trigger;
  std::optional<std::int64_t> depth;
  std::optional<std::int64_t> interval;
  std::optional<std::int64_t> req_id;
};

// Channels by their data, plus what has no channel.
enum class MessageKind : std::uint8_t {
  kUnknown,  // well-formed, but not one that we know
  kHeartbeat,
  kPong,
  kBook,
  kTrade,
  kTicker,
  kCandle,
  kInstrument,
  kStatus,
  kReply,
};

// One decoded frame; `kind` says which member is filled. Reused from frame to frame, so that nothing is allocated.
struct Message {
  MessageKind kind = MessageKind::kUnknown;
  bool snapshot = false;  // type "snapshot", else "update"
  BookBody book;
  std::vector<TradeRow> trades;
  std::vector<TickerRow> tickers;
  std::vector<CandleRow> candles;
  std::vector<PairRow> pairs;
  std::size_t bad_pairs = 0;  // rows of reference data that were left out
  std::string_view system;    // of a status message
  WireTime time;              // of the whole message, where it has one (ohlc)
  Reply reply;
};

// Bounds of one frame; more is kTooLarge. The venue's deepest book has 1000 levels a side.
inline constexpr std::size_t kMaxBookRows = 10'000;
inline constexpr std::size_t kMaxRows = 100'000;

// Decodes frames; owns the parser. Not thread-safe; one document at a time. Knows no instrument and no book: what a
// frame says does not depend on the frames before it.
class MessageReader {
 public:
  MessageReader();

  // Reads one whole frame (kFramePadding readable bytes behind it). The error names the place; `out` is then undefined.
  Result<void> read(std::string_view text, Message& out);

  // Reads the REST answer to GET /0/public/AssetPairs into `out.pairs`; kFramePadding readable bytes behind it.
  // kRefused with the venue's words if it has an error in place of a result.
  Result<void> read_asset_pairs(std::string_view body, Message& out);

 private:
  JsonParser parser_;
};

}  // namespace millrace::normalize::kraken

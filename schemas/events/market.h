#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "schemas/events/decimal.h"
#include "schemas/events/meta.h"

// Bodies of market data events: what follows Meta in the message of the same name. The ones on the hot path hold views
// and spans that are valid only during the call that hands them over.
namespace millrace::schemas {

// One price level. Both are mantissas at the exponents of the message; quantity 0 deletes the level.
struct Level {
  std::int64_t price = 0;
  std::int64_t quantity = 0;

  friend bool operator==(const Level&, const Level&) = default;
};

// A snapshot replaces the consumer's book, a delta is applied to it.
enum class BookKind : std::uint8_t { kUnspecified, kSnapshot, kDelta };

// Order book levels. Snapshot sides are best first; delta rows stand in the order to apply, and the same price may
// occur more than once: the last one holds. value = mantissa * 10^exponent; prices in quote units a base unit,
// quantities in base units, or contracts where the Instrument says so. The exponents may fall (finer numbers) between
// two records of one stream.
struct Book {
  BookKind kind = BookKind::kUnspecified;
  std::int32_t price_exponent = 0;
  std::int32_t quantity_exponent = 0;
  // Valid during the call only: they point into buffers of the adapter, or of the decoder's storage.
  std::span<const Level> bids = {};
  std::span<const Level> asks = {};
  // The venue's own chain, for who wants to check it again: the first update id inside this event (Binance U) and the
  // id of the event before by the venue's word (Binance pu). The last one is Meta::venue_seq.
  std::optional<std::int64_t> venue_seq_first;
  std::optional<std::int64_t> venue_seq_prev;
  // As sent; a CRC32 is 0..2^32-1. It is over text, hence the decimals below.
  std::optional<std::int64_t> venue_checksum;
  std::optional<std::int32_t> price_decimals;  // on the wire, where the checksum needs them
  std::optional<std::int32_t> quantity_decimals;
  std::optional<std::int32_t> proven_depth;  // best levels a side that the evidence covers; absent = all
  std::optional<std::int32_t> depth;         // levels a side the venue gives; absent = no limit of its own
};

// Best bid and offer. An absent side has no level. Exponents as in Book; they may differ from one record to the next.
struct Bbo {
  std::int32_t price_exponent = 0;
  std::int32_t quantity_exponent = 0;
  std::optional<Level> bid;
  std::optional<Level> ask;
};

// One public trade. Exponents as in Book. The views are valid during the call only and must be UTF-8: the encoder of
// this hot message does not check, and strict readers refuse a record with anything else.
struct Trade {
  std::string_view trade_id;  // as sent; empty if none
  std::int32_t price_exponent = 0;
  std::int32_t quantity_exponent = 0;
  std::int64_t price = 0;
  std::int64_t quantity = 0;
  Side aggressor = Side::kUnspecified;
  // The range of single trades inside an aggregated one, both ends inclusive; absent on single trades.
  std::optional<std::int64_t> first_trade_id;  // aggregated trades
  std::optional<std::int64_t> last_trade_id;
  std::string_view order_type;  // as sent; empty if not sent
};

// Rolling 24 h statistics; absent = not sent. Each number keeps the exponent it was sent with: nobody adds two of them
// up, and averages have more digits than prices.
struct Ticker {
  // Prices, vwap and change in quote units, volume and quantities in base units, quote_volume in quote units,
  // change_percent in percent. On contracts the two volumes are what the venue counts: contracts, and the settled
  // asset.
  std::optional<WideDecimal> last, last_quantity, open, high, low, volume, quote_volume, vwap, change, change_percent;
  // Of the moment at which the venue made the statistics: no substitute for a quote.
  std::optional<WideDecimal> bid, bid_quantity, ask, ask_quantity;
  std::optional<std::int64_t> trades;
  std::optional<UnixNanos> open_time;
  std::optional<UnixNanos> close_time;
};

// One OHLC bar, named by (instrument, interval, open_time). It comes again while it grows: a later record of the same
// name replaces the earlier one.
struct Candle {
  std::string_view interval;  // "1m", "1h" ...
  // Names the bar: first instant of its interval, ns. The close is the last instant as the venue counts it: some say
  // the next bar's open, some a millisecond less.
  UnixNanos open_time = 0;
  std::optional<UnixNanos> close_time;
  std::optional<WideDecimal> open, high, low, close, volume, quote_volume, vwap;
  std::optional<std::int64_t> trades;
  // Absent if the venue does not say; then a bar is final when the next one begins.
  std::optional<bool> closed;
  // Of `volume` and `quote_volume`, the part whose taker bought.
  std::optional<WideDecimal> taker_buy_volume, taker_buy_quote_volume;
};

enum class InstrumentKind : std::uint8_t { kUnspecified, kSpot, kPerpetual, kFuture, kOption, kEvent };
// kRestricted: cancel, post, limit or reduce only. kUnknown: a word of the venue that is new to us; status_text has it.
enum class InstrumentStatus : std::uint8_t { kUnspecified, kTrading, kRestricted, kHalted, kDelisted, kUnknown };

// Reference data of one instrument; absent = not sent. The decimals are what the venue's numbers need, by its stated
// precision or by its tick and step; frames may be written with more.
struct Instrument {
  InstrumentKind kind = InstrumentKind::kUnspecified;
  InstrumentStatus status = InstrumentStatus::kUnspecified;
  std::string status_text;
  // Assets in plain spelling (BTC, not XBT); `settle` only where it is not the quote.
  std::string base, quote, settle;
  // Price and quantity must be multiples of the first two; minimal quantity in base units or contracts, minimal
  // notional in quote units.
  std::optional<WideDecimal> tick_size, quantity_step, min_quantity, min_notional;
  std::optional<std::int32_t> price_decimals, quantity_decimals;
  std::optional<WideDecimal>
      contract_size;                     // units of the base, or of the quote for inverse contracts, in one contract
  std::optional<UnixNanos> expiry_time;  // of dated contracts
};

// The words of the .proto files without the enum's prefix ("SNAPSHOT"); "UNRECOGNIZED" for a number of a newer schema.
// Static life.
std::string_view name(BookKind kind) noexcept;
std::string_view name(InstrumentKind kind) noexcept;
std::string_view name(InstrumentStatus status) noexcept;

}  // namespace millrace::schemas

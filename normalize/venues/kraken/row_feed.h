#pragma once

#include <vector>

#include "normalize/venues/kraken/messages.h"
#include "normalize/venues/kraken/venue_state.h"

namespace millrace::normalize::kraken {

// Which streams a connection feeds, as far as frames do not say it themselves.
class StreamFilter {
 public:
  virtual ~StreamFilter() = default;
  // False for what this connection is not subscribed to (any more).
  virtual bool carries(StreamKey stream) const = 0;
  // kBbo or kTicker: ticker frames do not name their trigger.
  virtual Dataset ticker_dataset(InstrumentId id) const = 0;
};

// Trades, tickers and candles to events. A message is read whole before its first row is published, so that of one with
// an error nothing is. One per venue and thread; the buffers are reused.
class RowFeed {
 public:
  explicit RowFeed(VenueState& venue) : venue_(venue) {}

  // Each handles one message as decoded; `message` must stay as it is during the call. Errors: kBadNumber,
  // kUnknownInstrument, kMissingField; then nothing was published and no memory of ids has moved.
  Result<void> on_trades(const Message& message, const StreamFilter& filter, EventSink& out);
  Result<void> on_tickers(const Message& message, const StreamFilter& filter, EventSink& out);
  Result<void> on_candles(const Message& message, const StreamFilter& filter, EventSink& out);

 private:
  // Rows whose numbers are read and which wait for the rest of their message.
  struct ReadyTrade {
    InstrumentId id{};
    const TradeRow* row = nullptr;
    Precision precision;
    Level level;
  };
  // Only the member that its dataset needs is filled: bbo for kBbo, else ticker.
  struct ReadyTicker {
    StreamKey stream{};
    const TickerRow* row = nullptr;
    schemas::Bbo bbo;
    schemas::Ticker ticker;
  };
  struct ReadyCandle {
    StreamKey stream{};
    schemas::Candle candle;
  };
  // The first half of each handler: text to numbers, errors found, nothing published.
  Result<void> prepare_trades(const Message& message);
  Result<void> prepare_ticker(const TickerRow& row, std::size_t number, const StreamFilter& filter);
  Result<void> prepare_bbo(const TickerRow& row, std::size_t number, ReadyTicker& ready);
  Result<void> prepare_candle(const CandleRow& row, std::size_t number);
  // False: a repeat, to be dropped. Declares what is missing in front of it and moves the memory of ids.
  bool is_next(const ReadyTrade& trade, EventSink& out);
  void publish(const ReadyTrade& trade, bool snapshot, EventSink& out);

  VenueState& venue_;
  std::vector<ReadyTrade> trades_;  // rows of the message at hand, with pointers into it
  std::vector<ReadyTicker> tickers_;
  std::vector<ReadyCandle> candles_;
};

}  // namespace millrace::normalize::kraken

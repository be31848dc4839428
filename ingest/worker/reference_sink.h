#pragma once

#include <functional>
#include <string_view>

#include "normalize/event_sink.h"

namespace millrace::ingest {

// Lets through the reference data that this thread publishes. Every thread loads the whole table, but one stream has
// one writer. Used for the duration of one call.
class ReferenceSink final : public normalize::EventSink {
 public:
  using Publishes = std::function<bool(std::string_view symbol)>;

  ReferenceSink(normalize::EventSink& out, const normalize::InstrumentTable& table, const Publishes& publishes)
      : out_(out), table_(table), publishes_(publishes) {}

  void begin_frame(std::uint32_t, schemas::UnixNanos) override {}
  void on_book(normalize::StreamKey, const normalize::EventMeta&, const schemas::Book&) override {}
  void on_bbo(normalize::StreamKey, const normalize::EventMeta&, const schemas::Bbo&) override {}
  void on_trade(normalize::StreamKey, const normalize::EventMeta&, const schemas::Trade&) override {}
  void on_ticker(normalize::StreamKey, const normalize::EventMeta&, const schemas::Ticker&) override {}
  void on_candle(normalize::StreamKey, const normalize::EventMeta&, const schemas::Candle&) override {}
  void on_instrument(normalize::StreamKey stream, const normalize::EventMeta& meta,
                     const schemas::Instrument& instrument) override {
    if (!publishes_ || publishes_(table_[stream.instrument].symbol)) out_.on_instrument(stream, meta, instrument);
  }
  void on_gap(normalize::StreamKey, schemas::GapMark) override {}
  void on_state(normalize::StreamKey, schemas::StreamState, std::string_view) override {}
  void on_drop(std::string_view reason) override { out_.on_drop(reason); }

 private:
  normalize::EventSink& out_;
  const normalize::InstrumentTable& table_;
  const Publishes& publishes_;
};

}  // namespace millrace::ingest

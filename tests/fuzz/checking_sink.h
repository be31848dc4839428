#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "normalize/event_sink.h"
#include "schemas/codec/decode.h"

namespace millrace::test {

// Encodes each event as the publisher would, and aborts when the record does not decode and encode to the same bytes.
// Keeps counts and a digest of all records only, so that a long input costs no memory.
class CheckingSink : public normalize::EventSink {
 public:
  explicit CheckingSink(const normalize::InstrumentTable& table) : table_(table) {}

  void begin_frame(std::uint32_t connection, schemas::UnixNanos receive_time) override;
  void on_book(normalize::StreamKey stream, const normalize::EventMeta& meta, const schemas::Book& body) override;
  void on_bbo(normalize::StreamKey stream, const normalize::EventMeta& meta, const schemas::Bbo& body) override;
  void on_trade(normalize::StreamKey stream, const normalize::EventMeta& meta, const schemas::Trade& body) override;
  void on_ticker(normalize::StreamKey stream, const normalize::EventMeta& meta, const schemas::Ticker& body) override;
  void on_candle(normalize::StreamKey stream, const normalize::EventMeta& meta, const schemas::Candle& body) override;
  void on_instrument(normalize::StreamKey stream, const normalize::EventMeta& meta,
                     const schemas::Instrument& body) override;
  void on_gap(normalize::StreamKey stream, schemas::GapMark mark) override;
  void on_state(normalize::StreamKey stream, schemas::StreamState state, std::string_view reason) override;
  void on_drop(std::string_view reason) override;

  std::int64_t records() const noexcept { return records_; }
  std::uint64_t digest() const noexcept { return digest_; }

 private:
  template <class Body>
  void take(schemas::MessageType type, normalize::StreamKey stream, const normalize::EventMeta& meta, const Body& body);
  void add(std::string_view bytes);

  const normalize::InstrumentTable& table_;
  schemas::UnixNanos now_ = 0;
  std::int64_t records_ = 0;
  std::uint64_t digest_ = 0;
};

}  // namespace millrace::test

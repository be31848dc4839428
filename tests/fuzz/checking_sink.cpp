#include "tests/fuzz/checking_sink.h"

#include <functional>

#include "tests/fuzz/encoding.h"

namespace millrace::test {

using normalize::EventMeta;
using normalize::StreamKey;
using schemas::MessageType;

void CheckingSink::add(std::string_view bytes) {
  digest_ = digest_ * 0x9e3779b97f4a7c15ULL + std::hash<std::string_view>{}(bytes);
}

template <class Body>
void CheckingSink::take(MessageType type, StreamKey stream, const EventMeta& event, const Body& body) {
  const auto& info = table_[stream.instrument];
  const auto identity = schemas::make_stream_identity("fuzz", info.symbol, info.instrument);
  schemas::Meta meta;
  meta.stream = &identity;
  meta.epoch = 1;
  meta.seq = ++records_;
  meta.venue_seq = event.venue_seq;
  meta.venue_time = event.venue_time;
  meta.venue_send_time = event.venue_send_time;
  meta.receive_time = event.receive_time.value_or(now_);
  meta.origin = event.origin;
  meta.flags = event.flags;
  const std::string bytes = encoded(meta, body);
  const auto decoded = schemas::decode(type, bytes);
  require(decoded.has_value());
  require(encoded(*decoded) == bytes);
  add(bytes);
}

void CheckingSink::begin_frame(std::uint32_t /*connection*/, schemas::UnixNanos receive_time) { now_ = receive_time; }

void CheckingSink::on_book(StreamKey stream, const EventMeta& meta, const schemas::Book& body) {
  take(MessageType::kBook, stream, meta, body);
}

void CheckingSink::on_bbo(StreamKey stream, const EventMeta& meta, const schemas::Bbo& body) {
  take(MessageType::kBbo, stream, meta, body);
}

void CheckingSink::on_trade(StreamKey stream, const EventMeta& meta, const schemas::Trade& body) {
  take(MessageType::kTrade, stream, meta, body);
}

void CheckingSink::on_ticker(StreamKey stream, const EventMeta& meta, const schemas::Ticker& body) {
  take(MessageType::kTicker, stream, meta, body);
}

void CheckingSink::on_candle(StreamKey stream, const EventMeta& meta, const schemas::Candle& body) {
  take(MessageType::kCandle, stream, meta, body);
}

void CheckingSink::on_instrument(StreamKey stream, const EventMeta& meta, const schemas::Instrument& body) {
  take(MessageType::kInstrument, stream, meta, body);
}

// Fixed words become metric labels, so they may not come from the wire: short, lower case.
void CheckingSink::on_gap(StreamKey stream, schemas::GapMark mark) {
  require(normalize::index(stream.instrument) < table_.size() && !mark.reason.empty() && mark.reason.size() < 64);
  add(mark.reason);
}

void CheckingSink::on_state(StreamKey stream, schemas::StreamState /*state*/, std::string_view reason) {
  require(normalize::index(stream.instrument) < table_.size() && reason.size() < 64);
  add(reason);
}

void CheckingSink::on_drop(std::string_view reason) {
  require(!reason.empty() && reason.size() < 64);
  add(reason);
}

}  // namespace millrace::test

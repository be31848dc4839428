#include "tests/unit/replay/history/tape.h"

#include "schemas/codec/encode.h"

namespace millrace::history::test {
namespace {

schemas::Meta meta_of(const Told& told, const schemas::StreamIdentity& identity) {
  schemas::Meta meta;
  meta.stream = &identity;
  meta.epoch = told.epoch;
  meta.seq = told.seq;
  meta.receive_time = told.at;
  meta.publish_time = told.published;
  meta.origin = told.origin;
  meta.flags = told.flags;
  return meta;
}

template <class Body>
std::string encode_hot(const schemas::Meta& meta, const Body& body) {
  std::vector<std::byte> bytes(schemas::encoded_bound(meta, body));
  const std::size_t size = schemas::encode(meta, body, bytes);
  return {reinterpret_cast<const char*>(bytes.data()), size};
}

}  // namespace

Made trade(const Told& told, std::int64_t price) {
  const auto identity = schemas::make_stream_identity(told.venue, "X" + told.instrument, told.instrument);
  schemas::Trade body;
  body.price = price;
  body.quantity = 1;
  body.trade_id = "7";
  return {"market." + told.venue + ".trade.v1", told.instrument, encode_hot(meta_of(told, identity), body)};
}

Made book(const Told& told, schemas::BookKind kind, const Levels& bids, const Levels& asks, std::int32_t exponent) {
  const auto identity = schemas::make_stream_identity(told.venue, "X" + told.instrument, told.instrument);
  schemas::Book body;
  body.kind = kind;
  body.price_exponent = exponent;
  body.bids = bids;
  body.asks = asks;
  return {"market." + told.venue + ".book.v1", told.instrument, encode_hot(meta_of(told, identity), body)};
}

Made execution(const Told& told, const std::string& account) {
  const auto identity = schemas::make_stream_identity(told.venue, "X" + told.instrument, told.instrument, account);
  schemas::Execution body;
  body.event_id = "e" + std::to_string(told.seq);
  std::string bytes;
  schemas::encode(meta_of(told, identity), body, bytes);
  return {"account." + told.venue + ".execution.v1", account, bytes};
}

bool Tape::next(SourceRecord& out) {
  if (next_ == records_.size()) return false;
  const Made& made = records_[next_++];
  out = {made.topic, made.key, made.bytes};
  return true;
}

Source::Progress Tape::progress() const {
  return {static_cast<std::int64_t>(next_), static_cast<std::int64_t>(records_.size())};
}

std::vector<std::unique_ptr<Source>> sources(std::vector<std::vector<Made>> tapes) {
  std::vector<std::unique_ptr<Source>> out;
  for (auto& tape : tapes) out.push_back(std::make_unique<Tape>(std::move(tape)));
  return out;
}

}  // namespace millrace::history::test

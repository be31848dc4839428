#pragma once

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "publish/sequence/sequencer.h"
#include "schemas/codec/decode.h"

namespace millrace::publish::test {

using normalize::Dataset;
using normalize::EventMeta;
using normalize::InstrumentId;
using normalize::StreamKey;
using schemas::GapKind;
using schemas::StreamState;

inline constexpr UnixNanos kSecond = 1'000'000'000;
inline constexpr UnixNanos kStart = 1'700'000'000 * kSecond;

// Keeps what it is given, decoded; has room as long as `room` says so.
class FakeSink : public RecordSink {
 public:
  struct Put {
    std::string topic;
    std::string key;
    schemas::AnyDecoded record;
    std::size_t bytes;
  };

  StreamSlot open(const StreamSpec& spec) override {
    streams.push_back(spec);
    return StreamSlot{static_cast<std::uint32_t>(streams.size() - 1)};
  }
  std::span<std::byte> reserve(StreamSlot, std::size_t bound) override {
    if (!room) return {};
    buffer_.resize(bound);
    return buffer_;
  }
  void commit(StreamSlot stream, std::size_t length, std::int64_t) override {
    const std::string_view bytes{reinterpret_cast<const char*>(buffer_.data()), length};
    records.push_back(*schemas::decode(streams[static_cast<std::size_t>(stream)].type, bytes));
  }
  bool put(std::string_view topic, std::string_view key, std::string_view bytes, schemas::MessageType type) override {
    if (!room) return false;
    puts.push_back({std::string{topic}, std::string{key}, *schemas::decode(type, bytes), bytes.size()});
    return true;
  }

  // Meta of the last record.
  const schemas::Meta& meta() const {
    return std::visit(
        [](const auto& record) -> const schemas::Meta& {
          if constexpr (requires { record.meta; }) return record.meta;
          throw std::logic_error{"a record without meta"};
        },
        records.back());
  }
  // Bodies of all puts of one kind.
  template <class Record>
  std::vector<Record> all() const {
    std::vector<Record> found;
    for (const Put& put : puts) {
      if (const auto* record = std::get_if<Record>(&put.record)) found.push_back(*record);
    }
    return found;
  }

  bool room = true;
  std::vector<StreamSpec> streams;
  std::vector<schemas::AnyDecoded> records;
  std::vector<Put> puts;

 private:
  std::vector<std::byte> buffer_;
};

// A sequencer with a fake sink, one instrument, and verbs for the events of each kind.
struct Harness {
  explicit Harness(SequencerOptions options = {})
      : sequencer{"venue", capabilities, table, sink, with_clock(options)} {}

  SequencerOptions with_clock(SequencerOptions options) {
    options.clock = [this] { return clock; };
    options.worker = "w1";
    options.thread = 3;
    return options;
  }
  static SequencerOptions live() {
    SequencerOptions options;
    options.live = true;
    options.epoch = 7;
    return options;
  }

  StreamKey key(Dataset dataset) const { return {btc, dataset}; }
  void book(schemas::BookKind kind, EventMeta meta = {}) {
    schemas::Book body;
    body.kind = kind;
    if (kind == schemas::BookKind::kSnapshot) meta.flags |= schemas::flag::kSnapshot;
    sequencer.on_book(key(Dataset::kBook), meta, body);
  }
  void bbo(EventMeta meta = {}) { sequencer.on_bbo(key(Dataset::kBbo), meta, {}); }
  void trade(EventMeta meta = {}) { sequencer.on_trade(key(Dataset::kTrade), meta, {}); }
  void ticker(EventMeta meta = {}) { sequencer.on_ticker(key(Dataset::kTicker), meta, {}); }

  UnixNanos clock = kStart;
  normalize::InstrumentTable table;
  InstrumentId btc = table.intern("BTC/USD");
  std::array<normalize::DatasetCapability, 3> datasets{{
      {Dataset::kBook, "level2", schemas::LossEvidence::kChecksum, 10, 0, "", ""},
      {Dataset::kBbo, "quote", schemas::LossEvidence::kNone, {}, 0, "", ""},
      {Dataset::kTicker, "stats", schemas::LossEvidence::kNone, {}, kSecond, "", ""},
  }};
  normalize::Capabilities capabilities{.datasets = datasets, .limits = {.silence_ns = 10 * kSecond}, .ping_text = {}};
  FakeSink sink;
  Sequencer sequencer;
};

}  // namespace millrace::publish::test

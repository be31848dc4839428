#include "ingest/worker/leftover.h"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "publish/kafka/topic_names.h"
#include "schemas/codec/decode.h"
#include "schemas/codec/encode.h"

namespace millrace::ingest {
namespace {

using schemas::MessageType;

constexpr std::string_view kReason = "journal_leftover";

}  // namespace

Leftover::Leftover(publish::RecordSink& sink, LastNumber last_number, std::int64_t now)
    : sink_(sink), last_number_(std::move(last_number)), now_(now) {}

void Leftover::take(const publish::SpilledRecord& record) {
  switch (static_cast<MessageType>(record.type)) {
    case MessageType::kTrade:
      return republish(record);
    case MessageType::kGap:
    case MessageType::kQuarantine:
      return pass_on(record);
    default:
      return drop(record);
  }
}

void Leftover::pass_on(const publish::SpilledRecord& record) {
  const bool taken = sink_.put(record.topic, record.key, record.bytes, static_cast<MessageType>(record.type));
  ++(taken ? published_ : refused_);
}

// Where the stream's topic ends is asked once; a stream that has nothing there of this epoch begins with 1.
Leftover::Seen& Leftover::seen(const std::string& topic, std::string_view symbol, std::int64_t epoch) {
  const auto [at, is_new] = streams_.try_emplace({topic + '/' + std::string(symbol), epoch});
  if (is_new) {
    const auto last = last_number_(topic, symbol);
    at->second.next = last && last->first == epoch ? last->second + 1 : 1;
  }
  return at->second;
}

// What is between the topic's end and the disk was in the memory of the process that died.
void Leftover::republish(const publish::SpilledRecord& record) {
  using Trade = schemas::Decoded<schemas::Trade>;
  const auto decoded = schemas::decode(MessageType::kTrade, record.bytes);
  const auto* trade = decoded ? std::get_if<Trade>(&*decoded) : nullptr;
  if (trade == nullptr) return void(++refused_);
  schemas::Meta meta = trade->meta;
  Seen& stream = seen(record.topic, meta.stream->symbol, meta.epoch);
  if (meta.seq < stream.next) return void(++dropped_);  // the topic has it
  std::vector<schemas::GapMark> marks(meta.gap.begin(), meta.gap.end());
  if (meta.seq > stream.next) {
    marks.push_back({schemas::GapKind::kLocal, stream.next, meta.seq - 1, {}, std::string(kReason)});
  }
  stream.next = meta.seq + 1;
  meta.gap = marks;
  meta.origin = schemas::Origin::kReplay;
  bytes_.resize(encoded_bound(meta, trade->body));
  bytes_.resize(encode(meta, trade->body, std::as_writable_bytes(std::span(bytes_))));
  ++(sink_.put(record.topic, record.key, bytes_, MessageType::kTrade) ? published_ : refused_);
}

void Leftover::drop(const publish::SpilledRecord& record) {
  ++dropped_;
  const auto dataset = publish::market_dataset(record.topic);
  if (!dataset) return;
  const auto decoded = schemas::decode(static_cast<MessageType>(record.type), record.bytes);
  if (!decoded) return void(++refused_);
  std::visit(
      [&](const auto& one) {
        if constexpr (requires { one.meta; }) {
          const schemas::Meta& meta = one.meta;
          Seen& stream = seen(record.topic, meta.stream->symbol, meta.epoch);
          if (meta.seq < stream.next) return;
          if (stream.dropped++ == 0) stream.dropped_first = stream.next;
          stream.dropped_last = meta.seq;
          stream.next = meta.seq + 1;
          stream.dataset = *dataset;
          stream.venue = meta.stream->venue;
          stream.symbol = meta.stream->symbol;
          stream.instrument = meta.stream->instrument;
        }
      },
      *decoded);
}

void Leftover::finish() {
  for (const auto& [key, stream] : streams_) {
    if (stream.dropped == 0) continue;
    const auto identity = schemas::make_stream_identity(stream.venue, stream.symbol, stream.instrument);
    schemas::Meta meta;
    meta.stream = &identity;
    meta.epoch = key.second;
    meta.seq = stream.dropped_last;
    meta.receive_time = now_;
    meta.publish_time = now_;
    meta.origin = schemas::Origin::kLive;
    const schemas::GapMark mark{
        schemas::GapKind::kLocal, stream.dropped_first, stream.dropped_last, {}, std::string(kReason)};
    bytes_.clear();
    encode(meta, schemas::Gap{stream.dataset, mark, now_, now_, "dropped"}, bytes_);
    const std::string topic = publish::ops_topic(stream.venue, "gap");
    if (!sink_.put(topic, stream.dataset + '/' + stream.instrument, bytes_, MessageType::kGap)) ++refused_;
  }
}

}  // namespace millrace::ingest

#include "publish/sequence/account_writer.h"

#include <algorithm>
#include <utility>

#include "schemas/codec/encode.h"

namespace millrace::publish {
namespace {

using normalize::Dataset;
using schemas::MessageType;
using schemas::StreamState;

bool should_flow(StreamState state) { return state == StreamState::kLive || state == StreamState::kStale; }

}  // namespace

AccountWriter::AccountWriter(std::string venue, std::string account, RecordSink& sink, AccountWriterOptions options)
    : venue_(std::move(venue)),
      account_(std::move(account)),
      sink_(sink),
      options_(std::move(options)),
      ops_(venue_, options_.worker, options_.thread, sink, counters_) {
  for (const Dataset dataset : {Dataset::kExecution, Dataset::kBalance}) {
    Stream& stream = streams_[place(dataset)];
    stream.key.dataset = dataset;
    stream.identity = schemas::make_stream_identity(venue_, "", "", account_);
    stream.name = {account_, name(dataset)};
    stream.type = dataset == Dataset::kExecution ? MessageType::kExecution : MessageType::kBalance;
    stream.slot = sink_.open({&stream.identity, std::string(name(dataset)), stream.type});
    schemas::GapMark restart;
    restart.kind = schemas::GapKind::kRestart;
    restart.reason = "restart";
    stream.gaps.add(std::move(restart));
  }
}

void AccountWriter::begin_frame(UnixNanos receive_time) {
  now_ = receive_time;
  before_ = std::exchange(last_alive_, receive_time);
}

// One encoded head per symbol, as records of a market stream have.
const schemas::StreamIdentity& AccountWriter::identity(std::string_view symbol, std::string_view instrument) {
  if (const auto known = identities_.find(symbol); known != identities_.end()) {
    if (instrument.empty() || known->second->instrument == instrument) return *known->second;
  }
  auto made = schemas::make_stream_identity(venue_, std::string(symbol),
                                            std::string(instrument.empty() ? symbol : instrument), account_);
  if (identities_.size() >= kMostSymbols && !identities_.contains(symbol)) return spare_identity_ = std::move(made);
  auto& place = identities_[std::string(symbol)];
  place = std::make_unique<schemas::StreamIdentity>(std::move(made));
  return *place;
}

template <class Body>
void AccountWriter::publish(Stream& stream, const normalize::AccountMeta& meta, const Body& body) {
  schemas::Meta out;
  out.stream = &identity(meta.symbol, meta.instrument);
  out.epoch = options_.epoch;
  out.seq = ++stream.seq;
  out.venue_seq = meta.venue_seq;
  out.venue_time = meta.venue_time;
  out.venue_send_time = meta.venue_send_time;
  out.receive_time = now_;
  out.publish_time = options_.clock();
  out.staleness_ns = before_ == kNever ? 0 : std::max<std::int64_t>(now_ - before_, 0);
  out.origin = meta.origin;
  out.flags = meta.flags | (stream.state == StreamState::kStale ? schemas::flag::kStale : 0);
  out.gap = stream.gaps.marks();
  scratch_.clear();
  encode(out, body, scratch_);
  const auto room = sink_.reserve(stream.slot, scratch_.size());
  std::copy_n(reinterpret_cast<const std::byte*>(scratch_.data()), scratch_.size(), room.data());
  sink_.commit(stream.slot, scratch_.size(), stream.seq);
  stream.gaps.clear();
  stream.had_record = true;
  stream.last_record = now_;
  if (meta.venue_seq) stream.last_venue_seq = meta.venue_seq;
  counters_.records[static_cast<std::size_t>(stream.key.dataset)].add();
}

void AccountWriter::on_execution(const normalize::AccountMeta& meta, const schemas::Execution& execution) {
  publish(streams_[place(Dataset::kExecution)], meta, execution);
}

void AccountWriter::on_balance(const normalize::AccountMeta& meta, const schemas::Balance& balance) {
  publish(streams_[place(Dataset::kBalance)], meta, balance);
}

void AccountWriter::on_gap(Dataset dataset, schemas::GapMark mark) {
  Stream& stream = streams_[place(dataset)];
  schemas::Gap ledger;
  ledger.dataset = name(dataset);
  ledger.mark = mark;
  ledger.detected_time = now_;
  const auto kind = static_cast<std::size_t>(mark.kind);
  const std::string reason = mark.reason;
  if (!stream.gaps.add(std::move(mark))) return;
  counters_.gaps[kind].add(reason);
  ops_.gap(stream, options_.epoch, now_, ledger);
}

void AccountWriter::on_state(Dataset dataset, StreamState state, std::string_view reason) {
  set_state(streams_[place(dataset)], state, reason, {}, now_);
}

void AccountWriter::connection_state(StreamState state, std::string_view reason, std::string_view detail,
                                     UnixNanos now) {
  for (Stream& stream : streams_) set_state(stream, state, reason, detail, now);
}

void AccountWriter::remark(std::string_view reason, std::string_view detail, UnixNanos now) {
  for (Stream& stream : streams_) set_state(stream, stream.state, reason, detail, now);
}

// The same state with another reason is news too: the sidecar acts on some of them.
void AccountWriter::set_state(Stream& stream, StreamState state, std::string_view reason, std::string_view detail,
                              UnixNanos time) {
  stream.state = state;
  schemas::StreamStatus status;
  status.dataset = name(stream.key.dataset);
  status.channel = stream.key.dataset == Dataset::kExecution ? "executions" : "balances";
  status.state = state;
  status.reason = reason;
  status.detail = detail;
  status.connection = "account/" + account_;
  status.worker = options_.worker;
  status.loss_evidence = options_.evidence;
  ops_.status(stream, options_.epoch, time, status);
}

void AccountWriter::tick(UnixNanos now) {
  if (last_tick_ != kNever && now - last_tick_ < options_.heartbeat_ns) return;
  last_tick_ = now;
  const bool silent = options_.silence_ns > 0 && last_alive_ != kNever && now - last_alive_ > options_.silence_ns;
  for (Stream& stream : streams_) {
    if (stream.state == StreamState::kLive && silent) set_state(stream, StreamState::kStale, "silent", {}, now);
    if (stream.state == StreamState::kStale && !silent) set_state(stream, StreamState::kLive, "alive", {}, now);
  }
  write_heartbeats(now);
}

// As the market streams': named when they had no record since the last time.
void AccountWriter::write_heartbeats(UnixNanos now) {
  for (Stream& stream : streams_) {
    if (std::exchange(stream.had_record, false)) continue;
    schemas::StreamBeat beat;
    beat.instrument = account_;
    beat.epoch = options_.epoch;
    beat.next_seq = stream.seq + 1;
    beat.partition = stream.partition;
    beat.acked_offset = stream.acked_offset;
    beat.state = stream.state;
    beat.age_ns =
        last_alive_ == kNever || !should_flow(stream.state) ? 0 : std::max<std::int64_t>(now - last_alive_, 0);
    beat.gap.assign(stream.gaps.marks().begin(), stream.gaps.marks().end());
    ops_.begin_heartbeat(name(stream.key.dataset), now);
    ops_.beat(std::move(beat));
    ops_.end_heartbeat();
  }
}

void AccountWriter::quarantine(const normalize::Error& error, std::string_view frame, UnixNanos now) {
  ops_.quarantine("account/" + account_, options_.epoch, now, error, frame);
}

void AccountWriter::on_ack(StreamSlot slot, std::int32_t partition, std::int64_t offset, std::int64_t) {
  for (Stream& stream : streams_) {
    if (stream.slot != slot) continue;
    stream.partition = partition;
    if (offset >= 0) stream.acked_offset = offset;
  }
}

// The account lane gives up on nothing.
void AccountWriter::on_lost(StreamSlot, std::int64_t, std::string_view) {}

void AccountWriter::on_topic_made_anew(StreamSlot slot) {
  for (Stream& stream : streams_) {
    if (stream.slot == slot) set_state(stream, stream.state, "topic_made_anew", {}, now_);
  }
}

StreamState AccountWriter::state(Dataset dataset) const noexcept { return streams_[place(dataset)].state; }

}  // namespace millrace::publish

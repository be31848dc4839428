#include "publish/sequence/sequencer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "publish/sequence/message_type.h"
#include "schemas/codec/encode.h"

// Streams, numbering and stamping; signs of life and heartbeats are in liveness.cpp.
// The way of an event: open() finds its stream, stamp() gives it the next number and takes the stream's holes along,
// the sink is asked for room, encode() writes into it, committed() notes what the record proves. No room: the number is
// used up all the same, lost() makes a LOCAL hole of it, and the next record that fits declares it.
namespace millrace::publish {
namespace {

using normalize::Dataset;
using normalize::EventMeta;
using normalize::StreamKey;
using schemas::GapKind;
using schemas::MessageType;
using schemas::StreamState;

constexpr UnixNanos kYear2009 = 1'230'768'000'000'000'000;  // no venue is older
constexpr UnixNanos kDay = 86'400'000'000'000;

// Before there were such venues, or further ahead of our clock than any two clocks are apart. A receive time of 0 is
// one that was not recorded.
bool absurd(UnixNanos venue_time, UnixNanos receive_time) {
  return venue_time < kYear2009 || (receive_time > 0 && venue_time > receive_time + kDay);
}

// A later event of the stream makes an earlier one needless; trades are the exception.
bool conflates(MessageType type) { return type != MessageType::kTrade; }

}  // namespace

Sequencer::Sequencer(std::string venue, const normalize::Capabilities& capabilities,
                     const normalize::InstrumentTable& instruments, RecordSink& sink, SequencerOptions options)
    : venue_{std::move(venue)},
      capabilities_{capabilities},
      instruments_{instruments},
      sink_{sink},
      options_{std::move(options)},
      ops_{venue_, options_.worker, options_.thread, sink, counters_} {}

const normalize::DatasetCapability* Sequencer::capability_of(Dataset dataset) const noexcept {
  // What is derived from the book is as good as the book.
  const Dataset source = dataset == Dataset::kBboBook ? Dataset::kBook : dataset;
  for (const auto& capability : capabilities_.datasets) {
    if (capability.dataset == source) return &capability;
  }
  return nullptr;
}

const Stream* Sequencer::find(StreamKey key) const noexcept {
  const std::size_t place = index(key.instrument) * normalize::kDatasetCount + static_cast<std::size_t>(key.dataset);
  return place < index_.size() ? index_[place] : nullptr;
}

Stream& Sequencer::open(StreamKey key) {
  Stream* const found = known(key);
  if (found == nullptr) return make(key);
  if (found->assigned || found->foreign || found->epoch == options_.epoch) return *found;
  Stream& settled = found->in_flight > 0 ? beside(*found) : *found;
  if (settled.epoch != options_.epoch) begin_epoch(settled);
  return settled;
}

// Reports that are on their way belong to the numbers of the epoch before: such a stream is left to them. One of those
// that were left so takes its place, if its reports have all come, or else another one is made.
Stream& Sequencer::beside(Stream& busy) {
  Stream** link = &busy.before;
  while (*link != nullptr && (*link)->in_flight > 0) link = &(*link)->before;
  Stream* free = *link;
  if (free == nullptr) {
    free = &make(busy.key);
  } else {
    *link = free->before;
    point_to(*free);
  }
  free->before = &busy;
  let_go(busy);
  return *free;
}

Stream& Sequencer::open_own(StreamKey key) {
  if (Stream* stream = known(key)) stream->foreign = false;
  return open(key);
}

// The RESTART mark waits like any hole: the stream's first record carries it, and until then the heartbeat does.
void Sequencer::begin_epoch(Stream& stream) {
  stream.epoch = options_.epoch;
  stream.seq = 0;
  stream.gaps = {};
  stream.lost_since = 0;
  stream.needs_snapshot = stream.conflated = false;
  stream.quote.reset();
  stream.last_venue_seq.reset();
  stream.awaited_seq.reset();
  stream.last_record = kNever;
  stream.state = StreamState::kUnspecified;
  stream.acked_offset.reset();
  if (!options_.live) return;
  const auto& ask = options_.previous_venue_seq;
  const auto previous = ask ? ask(stream.identity.symbol, stream.key.dataset) : std::nullopt;
  stream.gaps.add({GapKind::kRestart, previous, {}, {}, "restart"});
  counters_.gaps[static_cast<std::size_t>(GapKind::kRestart)].add("restart");
}

Stream* Sequencer::of_event(StreamKey key) {
  Stream& stream = open(key);
  if (!stream.foreign) return &stream;
  counters_.drops.add("handed_over");
  return nullptr;
}

Stream& Sequencer::make(StreamKey key) {
  const normalize::InstrumentInfo& info = instruments_[key.instrument];
  Stream& stream = streams_.emplace_back();
  stream.key = key;
  stream.type = message_type(key.dataset);
  stream.identity = schemas::make_stream_identity(venue_, info.symbol, info.instrument);
  stream.name = {info.instrument, normalize::name(key.dataset)};
  const auto* capability = capability_of(key.dataset);
  stream.cadence_ns = capability ? capability->cadence_ns : 0;
  begin_epoch(stream);
  stream.slot = sink_.open({&stream.identity, std::string{normalize::name(key.dataset)}, stream.type});
  const auto slot = static_cast<std::size_t>(stream.slot);
  if (slot >= by_slot_.size()) by_slot_.resize(slot + 1, nullptr);
  by_slot_[slot] = &stream;
  point_to(stream);
  return stream;
}

// From here on it is the one that its key finds.
void Sequencer::point_to(Stream& stream) {
  const std::size_t row = index(stream.key.instrument) * normalize::kDatasetCount;
  if (row + normalize::kDatasetCount > index_.size()) index_.resize(row + normalize::kDatasetCount, nullptr);
  index_[row + static_cast<std::size_t>(stream.key.dataset)] = &stream;
}

// Adds what only the numbering side knows to what the adapter said.
std::uint32_t Sequencer::flags_of(const Stream& stream, const EventMeta& meta, UnixNanos receive_time) const noexcept {
  std::uint32_t flags = meta.flags;
  if (stream.state == StreamState::kStale) flags |= schemas::flag::kStale;
  if (meta.venue_time && absurd(*meta.venue_time, receive_time)) flags |= schemas::flag::kBadVenueTime;
  if (stream.conflated && conflates(stream.type)) {
    // The snapshot that follows lost deltas tells something new: it does not repeat what readers have.
    flags = (flags & ~schemas::flag::kRefresh) | schemas::flag::kConflated;
  }
  return flags;
}

// The publish time is part of what is encoded, so it is taken before the encoding.
schemas::Meta Sequencer::stamp(Stream& stream, const EventMeta& meta) {
  schemas::Meta stamped;
  stamped.stream = &stream.identity;
  stamped.epoch = stream.epoch;
  stamped.seq = ++stream.seq;
  stamped.venue_seq = meta.venue_seq;
  stamped.venue_time = meta.venue_time;
  stamped.venue_send_time = meta.venue_send_time;
  stamped.receive_time = meta.receive_time.value_or(now_);
  if (options_.live) {
    stamped.publish_time = options_.clock();
    if (meta.venue_send_time) counters_.websocket_latency.add(stamped.receive_time - *meta.venue_send_time);
  }
  const UnixNanos proof = proof_before_frame(stream);
  stamped.staleness_ns = proof == kNever ? 0 : std::max<std::int64_t>(0, stamped.receive_time - proof);
  stamped.origin = meta.origin;
  stamped.flags = flags_of(stream, meta, stamped.receive_time);
  stamped.gap = stream.gaps.marks();
  return stamped;
}

// What is only said again proves nothing.
Sequencer::Proof Sequencer::proof_of(const EventMeta& meta) noexcept {
  return (meta.flags & schemas::flag::kRefresh) != 0 ? Proof::kNothing : Proof::kAlive;
}

// Reserved by a bound and not by the exact size: computing that would cost as much as the encoding.
template <class Body>
bool Sequencer::publish_fixed(Stream& stream, const EventMeta& meta, const Body& body) {
  return publish_fixed(stream, meta, body, proof_of(meta));
}

template <class Body>
bool Sequencer::publish_fixed(Stream& stream, const EventMeta& meta, const Body& body, Proof proof) {
  const schemas::Meta stamped = stamp(stream, meta);
  const std::span<std::byte> room = sink_.reserve(stream.slot, encoded_bound(stamped, body));
  if (room.empty()) {
    lost(stream, "overflow", stamped.receive_time);
    return false;
  }
  sink_.commit(stream.slot, encode(stamped, body, room), stamped.seq);
  committed(stream, stamped, proof);
  return true;
}

// Two copies, for messages of a few a second.
template <class Body>
void Sequencer::publish_scratch(Stream& stream, const EventMeta& meta, const Body& body) {
  const schemas::Meta stamped = stamp(stream, meta);
  scratch_.clear();
  encode(stamped, body, scratch_);
  const std::span<std::byte> room = sink_.reserve(stream.slot, scratch_.size());
  if (room.empty()) return lost(stream, "overflow", stamped.receive_time);
  std::memcpy(room.data(), scratch_.data(), scratch_.size());
  sink_.commit(stream.slot, scratch_.size(), stamped.seq);
  committed(stream, stamped, proof_of(meta));
}

// All that a record proves or ends, in one place. One of ours clears the holes like any record, but proves nothing
// about the venue.
void Sequencer::committed(Stream& stream, const schemas::Meta& meta, Proof proof) {
  if (options_.live) ++stream.in_flight;
  counters_.records[static_cast<std::size_t>(stream.key.dataset)].add();
  stream.had_record = true;
  stream.conflated = false;
  if (meta.venue_seq) stream.last_venue_seq = meta.venue_seq;
  if (!stream.gaps.empty()) declared(stream, meta);
  if (proof == Proof::kNothing) return;

  stream.last_record = std::max(stream.last_record, meta.receive_time);
  stream.released = false;
  // A REST answer proves the stream, not its connection; but an update that waited for it came over the connection.
  if (current_ != kNoConnection || meta.receive_time < now_) stream.has_data = true;
  if (current_ != kNoConnection && !stream.assigned) stream.connection = current_;
  if (stream.state != StreamState::kLive && stream.state != StreamState::kHalted) {
    set_state(stream, StreamState::kLive, "data", {}, meta.receive_time);
  }
}

// The record named the stream's holes; the ledger says how each ended.
void Sequencer::declared(Stream& stream, const schemas::Meta& meta) {
  const bool snapshot = (meta.flags & schemas::flag::kSnapshot) != 0;
  for (const schemas::GapMark& mark : stream.gaps.marks()) {
    if (mark.kind == GapKind::kRestart && !mark.from) continue;  // says nothing about a hole
    ops_.gap(stream, stream.epoch, meta.receive_time,
             {std::string{normalize::name(stream.key.dataset)}, mark,
              stream.lost_since > 0 ? stream.lost_since : meta.receive_time, meta.receive_time,
              snapshot ? "snapshot" : "declared"});
  }
  // Offline nothing is lost on its way, and nobody would say that it arrived.
  if (options_.live) stream.declared.emplace_back(meta.seq, std::move(stream.gaps));
  stream.gaps = {};
  stream.lost_since = 0;
}

// It may have been the one that declared earlier losses, and others may have been noticed since it was sent: all wait,
// in their order.
void Sequencer::lost_later(Stream& stream, std::int64_t seq, std::string_view reason, UnixNanos time) {
  const auto carried = std::ranges::find(stream.declared, seq, &std::pair<std::int64_t, PendingGaps>::first);
  if (carried == stream.declared.end()) return mark_lost(stream, seq, reason, time);
  const PendingGaps since = std::exchange(stream.gaps, std::move(carried->second));
  stream.declared.erase(carried);
  mark_lost(stream, seq, reason, time);
  for (const schemas::GapMark& mark : since.marks()) stream.gaps.add(mark);
}

// A trade stream gets the mark too, which is what counts; its flag CONFLATED is left out by flags_of(), since no later
// trade makes up for one that is missing.
void Sequencer::mark_lost(Stream& stream, std::int64_t seq, std::string_view reason, UnixNanos time) {
  if (stream.lost_since == 0) stream.lost_since = time;
  if (stream.gaps.add_lost(seq, reason)) counters_.gaps[static_cast<std::size_t>(GapKind::kLocal)].add(reason);
  stream.conflated = true;
  want_snapshot(stream);
}

// One request per loss, however many deltas are dropped until it is served.
void Sequencer::want_snapshot(Stream& stream) {
  if (stream.type != MessageType::kBook || std::exchange(stream.needs_snapshot, true)) return;
  refresh_requests_.push_back(stream.key.instrument);
}

// The event at hand got a number but found no room.
void Sequencer::lost(Stream& stream, std::string_view drop_reason, UnixNanos time) {
  counters_.drops.add(drop_reason);
  mark_lost(stream, stream.seq, "overflow", time);
}

std::vector<normalize::InstrumentId> Sequencer::take_refresh_requests() { return std::exchange(refresh_requests_, {}); }

void Sequencer::begin_frame(ConnectionId connection, UnixNanos receive_time) {
  Connection& from = connection_at(connection);
  current_ = connection;
  now_ = receive_time;
  from.before = from.last_alive;
  from.last_alive = std::max(from.last_alive, receive_time);
}

void Sequencer::begin_timer(UnixNanos now) {
  current_ = kNoConnection;
  now_ = now;
}

void Sequencer::on_book(StreamKey key, const EventMeta& meta, const schemas::Book& book) {
  Stream* const ours = of_event(key);
  if (ours == nullptr) return;
  Stream& stream = *ours;
  const bool snapshot = book.kind == schemas::BookKind::kSnapshot;
  if (stream.needs_snapshot && !snapshot) {
    // A delta on a book that misses one would build a wrong book at the reader.
    ++stream.seq;
    return lost(stream, "awaiting_snapshot", meta.receive_time.value_or(now_));
  }
  stream.needs_snapshot = false;  // if this one is refused too, lost() asks again
  publish_fixed(stream, meta, book);
}

void Sequencer::on_bbo(StreamKey key, const EventMeta& meta, const schemas::Bbo& bbo) {
  Stream* const stream = of_event(key);
  if (stream == nullptr) return;
  const bool fits = publish_fixed(*stream, meta, bbo);
  if (fits && !options_.in_doubt) return stream->quote.reset();
  if (!stream->quote) stream->quote = std::make_unique<Stream::Quote>();
  *stream->quote = {meta, bbo, !fits};
  stream->quote->meta.receive_time = meta.receive_time.value_or(now_);
}

// The book first takes up what the venue says anew; nothing is in it until then, and that is what a reader is told. A
// quote is as good as it was, if it is ours.
void Sequencer::take_over(StreamKey key, UnixNanos now) {
  const Stream* const before = known(key);
  const auto quote = before != nullptr && before->quote ? std::optional(*before->quote) : std::nullopt;
  Stream& stream = open_own(key);
  if (stream.seq > 0) return;
  begin_timer(now);
  EventMeta meta = quote ? quote->meta : EventMeta{};
  meta.receive_time = now;
  meta.venue_send_time.reset();
  meta.flags = schemas::flag::kReset;
  if (stream.type == MessageType::kBook) {
    meta.flags |= schemas::flag::kSnapshot;
    schemas::Book book;
    book.kind = schemas::BookKind::kSnapshot;
    publish_fixed(stream, meta, book, Proof::kNothing);
  } else if (stream.type == MessageType::kBbo) {
    const bool fits = publish_fixed(stream, meta, quote ? quote->body : schemas::Bbo{}, Proof::kNothing);
    if (quote) stream.quote = std::make_unique<Stream::Quote>(Stream::Quote{quote->meta, quote->body, !fits});
  }
}

// Not by on_bbo(), which would keep it again as new.
void Sequencer::publish_late_quote(Stream& stream) {
  stream.quote->late = !publish_fixed(stream, stream.quote->meta, stream.quote->body);
}

void Sequencer::on_trade(StreamKey key, const EventMeta& meta, const schemas::Trade& trade) {
  if (Stream* stream = of_event(key)) publish_fixed(*stream, meta, trade);
}

void Sequencer::on_ticker(StreamKey key, const EventMeta& meta, const schemas::Ticker& ticker) {
  if (Stream* stream = of_event(key)) publish_scratch(*stream, meta, ticker);
}

void Sequencer::on_candle(StreamKey key, const EventMeta& meta, const schemas::Candle& candle) {
  if (Stream* stream = of_event(key)) publish_scratch(*stream, meta, candle);
}

// Filtered before it gets a number: the stream belongs to another thread, and a number here would be a hole there.
void Sequencer::on_instrument(StreamKey key, const EventMeta& meta, const schemas::Instrument& instrument) {
  if (options_.publishes_reference && !options_.publishes_reference(instruments_[key.instrument].symbol)) return;
  publish_scratch(open(key), meta, instrument);
}

void Sequencer::on_gap(StreamKey key, schemas::GapMark mark) {
  Stream* const ours = of_event(key);
  if (ours == nullptr) return;
  Stream& stream = *ours;
  counters_.gaps[static_cast<std::size_t>(mark.kind) % counters_.gaps.size()].add(mark.reason);
  if (stream.lost_since == 0) stream.lost_since = now_;
  // In the ledger at once: if the stream never resumes, this is the only record of the hole.
  ops_.gap(stream, stream.epoch, now_, {std::string{normalize::name(key.dataset)}, mark, now_, {}, {}});
  stream.gaps.add(std::move(mark));
}

void Sequencer::on_drop(std::string_view reason) { counters_.drops.add(reason); }

}  // namespace millrace::publish

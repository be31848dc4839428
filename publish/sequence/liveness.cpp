#include <algorithm>
#include <array>
#include <utility>

#include "publish/sequence/sequencer.h"
#include "schemas/events/time.h"

// The part of the sequencer that knows time and connections: signs of life, states, heartbeats, acknowledgements.
namespace millrace::publish {
namespace {

using normalize::Dataset;
using normalize::StreamKey;
using schemas::StreamState;

constexpr UnixNanos kCadenceGrace = 2 * kSecond;     // a cadence dataset is stale this long after a missed record
constexpr UnixNanos kSiblingGrace = 2 * kSecond;     // how long a quote may name an update that the book lacks
constexpr UnixNanos kDefaultSilence = 30 * kSecond;  // for venues that document no limit

// Bounds what a wrong connection number can allocate.
constexpr ConnectionId kMaxConnections = 65'536;

}  // namespace

// All numbers beyond the bound share the last place: wrong, but harmless.
Connection& Sequencer::connection_at(ConnectionId connection) {
  const std::size_t place = std::min(connection, kMaxConnections);
  if (place >= connections_.size()) connections_.resize(place + 1);
  return connections_[place];
}

// On-change streams live as long as their ordered connection does, once it has brought something.
UnixNanos Sequencer::last_proof(const Stream& stream) const noexcept {
  const bool by_connection = stream.cadence_ns == 0 && stream.has_data && stream.connection < connections_.size();
  return by_connection ? std::max(stream.last_record, connections_[stream.connection].last_alive) : stream.last_record;
}

// The same, leaving out the frame at hand.
UnixNanos Sequencer::proof_before_frame(const Stream& stream) const noexcept {
  if (stream.connection != current_ || stream.cadence_ns > 0 || !stream.has_data) return last_proof(stream);
  return std::max(stream.last_record, connections_[current_].before);
}

void Sequencer::name_connection(ConnectionId connection, std::string name) {
  connection_at(connection).name = std::move(name);
}

void Sequencer::connection_alive(ConnectionId connection, UnixNanos time) {
  Connection& alive = connection_at(connection);
  alive.last_alive = std::max(alive.last_alive, time);
}

// Halted streams keep their word: the venue refused them, and the connection's coming back changes nothing about it.
void Sequencer::connection_state(ConnectionId connection, StreamState state, std::string_view reason,
                                 std::string_view detail, UnixNanos now) {
  for (Stream& stream : streams_) {
    const bool here = stream.assigned && !stream.released && stream.connection == connection;
    if (here && stream.state != StreamState::kHalted) set_state(stream, state, reason, detail, now);
  }
}

// A stream that moves must be heard on its new connection first, before that one's frames prove it alive.
void Sequencer::assign(StreamKey key, ConnectionId connection) {
  Stream& stream = open_own(key);
  if (stream.connection != connection) stream.has_data = false;
  connection_at(connection);
  stream.connection = connection;
  stream.assigned = true;
  stream.released = false;
}

// The stream is kept with its numbers: if it comes back under this claim, its seq goes on where it was.
void Sequencer::release(StreamKey key, UnixNanos now) {
  Stream& stream = open(key);
  set_state(stream, StreamState::kDisconnected, "unsubscribed", {}, now);
  let_go(stream);
}

void Sequencer::hand_over(StreamKey key, Leaving how, UnixNanos now) {
  Stream* const stream = known(key);
  if (stream == nullptr) return;
  const char* reason = how == Leaving::kUnsubscribed ? "unsubscribed" : "handed_over";
  if (how != Leaving::kLost) set_state(*stream, StreamState::kDisconnected, reason, {}, now);
  let_go(*stream);
  stream->foreign = true;
}

void Sequencer::let_go(Stream& stream) {
  stream.quote.reset();
  stream.released = true;
  stream.assigned = false;
  stream.has_data = false;
}

void Sequencer::renew(StreamKey key, UnixNanos now) {
  Stream* const before = known(key);
  if (before == nullptr || !before->assigned || before->epoch == options_.epoch) return;
  const StreamState state = before->state;
  const ConnectionId connection = before->connection;
  const bool has_data = before->has_data;
  const UnixNanos last_record = before->last_record;
  before->assigned = false;
  take_over(key, now);
  assign(key, connection);
  Stream& stream = *known(key);
  stream.has_data = has_data;
  stream.last_record = last_record;
  stream.conflated = stream.type == schemas::MessageType::kBook;  // the whole book that follows is news to readers
  set_state(stream, state, "claimed", {}, now);
}

void Sequencer::tell_again() noexcept {
  for (Stream& stream : streams_) {
    if (stream.assigned && stream.to_tell == nullptr) stream.to_tell = "told_again";
  }
}

bool Sequencer::settled() const noexcept {
  return std::ranges::none_of(streams_, [](const Stream& one) { return one.released && one.in_flight > 0; });
}

// An adapter's LIVE without a record stands for the first data: said of trades, which may be silent for hours.
void Sequencer::on_state(StreamKey key, StreamState state, std::string_view reason) {
  // Offline a state opens no stream: its name may still be unknown, and nobody would read the record.
  if (!options_.live && find(key) == nullptr) return;
  Stream& stream = open(key);
  if (stream.foreign) return;
  const bool on_wire = current_ != kNoConnection && stream.connection == current_;
  if (state == StreamState::kLive && on_wire) stream.has_data = true;
  set_state(stream, state, reason, {}, now_);
}

// One place for all changes, so that status tells each exactly once.
void Sequencer::set_state(Stream& stream, StreamState state, std::string_view reason, std::string_view detail,
                          UnixNanos time) {
  if (std::exchange(stream.state, state) != state && options_.live) write_status(stream, reason, detail, time);
}

// Everything that a reader needs to judge the stream stands in each record: the topic is compacted, and a newcomer sees
// only the last one.
void Sequencer::write_status(const Stream& stream, std::string_view reason, std::string_view detail, UnixNanos time) {
  if (options_.in_doubt && options_.in_doubt()) return;
  schemas::StreamStatus body;
  body.dataset = normalize::name(stream.key.dataset);
  body.state = stream.state;
  body.reason = reason;
  body.detail = detail;
  if (stream.connection < connections_.size()) body.connection = connections_[stream.connection].name;
  body.worker = options_.worker;
  body.cadence_ns = stream.cadence_ns;
  body.loss_evidence = schemas::LossEvidence::kNone;
  if (const auto* capability = capability_of(stream.key.dataset)) {
    body.channel = capability->channel;
    body.loss_evidence = capability->evidence;
    body.evidence_depth = capability->evidence_depth;
  }
  ops_.status(stream, stream.epoch, time, body);
}

// Counted for hand_over(): a stream is another worker's only when nothing of ours is on its way.
void Sequencer::reported(Stream& stream) {
  if (stream.in_flight > 0) --stream.in_flight;
}

Stream* Sequencer::at(StreamSlot slot) const noexcept {
  const auto place = static_cast<std::size_t>(slot);
  return place < by_slot_.size() ? by_slot_[place] : nullptr;
}

// The listener's call writes nothing: the lane is in the middle of releasing rings.
void Sequencer::on_ack(StreamSlot slot, std::int32_t partition, std::int64_t offset, std::int64_t seq) {
  Stream* stream = at(slot);
  if (stream == nullptr) return;
  reported(*stream);
  stream->partition = partition;
  if (offset >= 0) stream->acked_offset = offset;
  while (!stream->declared.empty() && stream->declared.front().first <= seq) stream->declared.pop_front();
  if (std::exchange(stream->forbidden, false)) stream->to_tell = "allowed";
}

// The time is the later of frame and tick, as reports come between frames.
void Sequencer::on_lost(StreamSlot slot, std::int64_t seq, std::string_view reason) {
  Stream* stream = at(slot);
  if (stream == nullptr) return;
  reported(*stream);
  counters_.drops.add(reason);
  stream->had_loss = true;
  lost_later(*stream, seq, reason, std::max(now_, last_tick_));
  if (reason == "forbidden" && !std::exchange(stream->forbidden, true)) stream->to_tell = "forbidden";
}

// Told with the next tick, like everything that a report of the lane brings.
void Sequencer::on_topic_made_anew(StreamSlot slot) {
  Stream* stream = at(slot);
  if (stream == nullptr) return;
  stream->to_tell = "topic_made_anew";
  stream->acked_offset.reset();
  // Its new readers have no book; those who read on miss nothing, so the deltas need not wait for the snapshot.
  if (stream->type == schemas::MessageType::kBook) refresh_requests_.push_back(stream->key.instrument);
}

void Sequencer::quarantine(ConnectionId connection, const normalize::Error& error, std::string_view frame,
                           UnixNanos now) {
  ops_.quarantine(connection_at(connection).name, options_.epoch, now, error, frame);
}

// A walk over all streams once per heartbeat interval; nothing on the hot path keeps a list of who is due.
void Sequencer::tick(UnixNanos now) {
  if (last_tick_ != kNever && now - last_tick_ < options_.heartbeat_ns) return;
  last_tick_ = now;
  for (Stream& stream : streams_) {
    if (stream.watched()) check_alive(stream, now);
    if (stream.quote && stream.quote->late) publish_late_quote(stream);
    const char* reason = std::exchange(stream.to_tell, nullptr);
    if (reason != nullptr && !stream.released) write_status(stream, reason, {}, now);
  }
  write_heartbeats(now);
  refresh_gauges(now);
}

// A quote of a later book update than the book has, for longer than the two channels can be apart.
bool Sequencer::contradicted(Stream& book, UnixNanos now) {
  if (book.key.dataset != Dataset::kBook || !book.last_venue_seq) return false;
  const Stream* quote = find({book.key.instrument, Dataset::kBbo});
  if (quote == nullptr || !quote->last_venue_seq) return false;
  if (book.awaited_seq && *book.last_venue_seq >= *book.awaited_seq) book.awaited_seq.reset();
  if (!book.awaited_seq && *quote->last_venue_seq > *book.last_venue_seq) {
    book.awaited_seq = quote->last_venue_seq;
    book.awaited_since = now;
  }
  return book.awaited_seq && now - book.awaited_since >= kSiblingGrace;
}

// Only streams that were live can be stale: one that is syncing or recovering has said so itself. It is the same call
// that takes a stream back to LIVE when proof has come.
void Sequencer::check_alive(Stream& stream, UnixNanos now) {
  if (stream.state != StreamState::kLive && stream.state != StreamState::kStale) return;
  const std::int64_t silence = capabilities_.limits.silence_ns > 0 ? capabilities_.limits.silence_ns : kDefaultSilence;
  const std::int64_t limit = stream.cadence_ns > 0 ? stream.cadence_ns + kCadenceGrace : silence;
  const UnixNanos proof = last_proof(stream);
  const bool silent = proof == kNever || now - proof > limit;
  const bool behind = contradicted(stream, now);
  if (silent || behind) return set_state(stream, StreamState::kStale, silent ? "silent" : "behind_quote", {}, now);
  set_state(stream, StreamState::kLive, "alive", {}, now);
}

// Open holes travel along, so that a hole is declared within a heartbeat even if its stream stays silent. They stay
// open: the next record declares them too.
schemas::StreamBeat Sequencer::beat_of(const Stream& stream, UnixNanos now) const {
  schemas::StreamBeat beat;
  beat.symbol = stream.identity.symbol;
  beat.instrument = stream.identity.instrument;
  beat.epoch = stream.epoch;
  beat.next_seq = stream.seq + 1;
  beat.partition = stream.partition;
  beat.acked_offset = stream.acked_offset;
  beat.state = stream.state;
  const UnixNanos proof = last_proof(stream);
  beat.age_ns = proof == kNever ? 0 : std::max<std::int64_t>(0, now - proof);
  beat.gap.assign(stream.gaps.marks().begin(), stream.gaps.marks().end());
  return beat;
}

void Sequencer::write_heartbeats(UnixNanos now) {
  // One pass sorts the quiet streams by dataset; each dataset's heartbeat keeps the order of opening.
  std::array<std::vector<Stream*>, normalize::kDatasetCount> quiet;
  for (Stream& stream : streams_) {
    const bool had_loss = std::exchange(stream.had_loss, false);
    if ((std::exchange(stream.had_record, false) && !had_loss) || !stream.watched()) continue;
    quiet[static_cast<std::size_t>(stream.key.dataset)].push_back(&stream);
  }
  for (std::size_t dataset = 0; dataset < quiet.size(); ++dataset) {
    if (quiet[dataset].empty()) continue;
    ops_.begin_heartbeat(normalize::name(static_cast<Dataset>(dataset)), now);
    for (const Stream* stream : quiet[dataset]) ops_.beat(beat_of(*stream, now));
    ops_.end_heartbeat();
  }
}

// Computed here and only read by the scrape, whose thread must not walk our streams.
void Sequencer::refresh_gauges(UnixNanos now) {
  std::array<std::uint64_t, 11> by_state{};
  std::int64_t oldest = 0;
  const StreamName* oldest_name = nullptr;
  for (const Stream& stream : streams_) {
    if (!stream.watched()) continue;
    ++by_state[static_cast<std::size_t>(stream.state) % by_state.size()];
    const UnixNanos proof = last_proof(stream);
    const bool expected = stream.state == StreamState::kLive || stream.state == StreamState::kStale;
    if (!expected || proof == kNever || (oldest_name != nullptr && now - proof <= oldest)) continue;
    oldest = std::max<std::int64_t>(0, now - proof);
    oldest_name = &stream.name;
  }
  for (std::size_t state = 0; state < by_state.size(); ++state) counters_.streams[state].set(by_state[state]);
  counters_.oldest_staleness_ns.set(static_cast<std::uint64_t>(oldest));
  counters_.oldest.store(oldest_name, std::memory_order_release);
}

}  // namespace millrace::publish

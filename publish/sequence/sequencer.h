#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "normalize/error.h"
#include "normalize/event_sink.h"
#include "normalize/venue_adapter.h"
#include "publish/lane/ack_listener.h"
#include "publish/sequence/counters.h"
#include "publish/sequence/ops_records.h"
#include "publish/sequence/record_sink.h"
#include "publish/sequence/stream.h"

namespace millrace::publish {

// How a Sequencer numbers and stamps. Functions are called on its thread and must not call it back.
struct SequencerOptions {
  std::int64_t epoch = 1;  // the claim; above every earlier one of these streams. begin_claim() replaces it
  // Live: records carry a publish time, a RESTART gap opens each stream, status and heartbeats are written.
  bool live = false;
  std::function<UnixNanos()> clock;  // required if live, else unused
  std::string worker;                // names this process in heartbeats and status
  std::int32_t thread = 0;
  std::int64_t heartbeat_ns = 1'000'000'000;  // how often streams are judged and heartbeats written
  // The last venue id that earlier epochs published of a stream, where known. Asked when it is opened; may be empty.
  std::function<std::optional<std::int64_t>(std::string_view symbol, normalize::Dataset)> previous_venue_seq;
  // Several threads load a venue's reference data; of each symbol only one of them publishes it. Empty: this one does.
  std::function<bool(std::string_view symbol)> publishes_reference;
  // While it says so, no state is told: others may have taken the streams over, and of these records the broker keeps
  // only the last one, whatever its epoch. tell_again() makes up for it. Empty: never, and
  // no later claim renews a stream, so that quotes need not be kept for it.
  std::function<bool()> in_doubt;
};

// Turns the events of one venue on one thread into numbered, stamped, encoded records of a RecordSink. Here live
// sequence numbers, the declaration of holes, staleness and heartbeats; the same code runs offline, where nothing but
// the events moves it. All calls on one thread; only counters() may be read from others. Memory grows with the streams
// ever opened, which the venue's instruments bound, times the claims that have records on their way at once.
// A number is given to every event, also to one that finds no room: so a hole in `seq` is always a loss of ours, and
// the next record, or the heartbeat, says so.
class Sequencer final : public normalize::EventSink, public AckListener {
 public:
  // `venue`, its table and `sink` must outlive it; the streams' identities live here and must outlive the sink's use.
  // The capabilities are those of `venue`; a dataset they do not name is on change and without evidence.
  Sequencer(std::string venue, const normalize::Capabilities& capabilities,
            const normalize::InstrumentTable& instruments, RecordSink& sink, SequencerOptions options);

  // EventSink. A frame is also a sign of life of its connection.
  void begin_frame(ConnectionId connection, UnixNanos receive_time) override;
  void on_book(normalize::StreamKey key, const normalize::EventMeta& meta, const schemas::Book& book) override;
  void on_bbo(normalize::StreamKey key, const normalize::EventMeta& meta, const schemas::Bbo& bbo) override;
  void on_trade(normalize::StreamKey key, const normalize::EventMeta& meta, const schemas::Trade& trade) override;
  void on_ticker(normalize::StreamKey key, const normalize::EventMeta& meta, const schemas::Ticker& ticker) override;
  void on_candle(normalize::StreamKey key, const normalize::EventMeta& meta, const schemas::Candle& candle) override;
  void on_instrument(normalize::StreamKey key, const normalize::EventMeta& meta,
                     const schemas::Instrument& instrument) override;
  void on_gap(normalize::StreamKey key, schemas::GapMark mark) override;
  void on_state(normalize::StreamKey key, schemas::StreamState state, std::string_view reason) override;
  void on_drop(std::string_view reason) override;

  // --- the worker's part; none of it is called offline ---

  // The events that follow come from no frame of a connection (a book refresh, a REST answer): they have this receive
  // time and are no sign of life of any connection. Holds until the next begin_frame().
  void begin_timer(UnixNanos now);
  void name_connection(ConnectionId connection, std::string name);
  // A pong, a venue heartbeat or anything else that shows that the connection lives.
  void connection_alive(ConnectionId connection, UnixNanos time);
  // What became of a connection: all streams assigned to it get this state (but halted ones).
  void connection_state(ConnectionId connection, schemas::StreamState state, std::string_view reason,
                        std::string_view detail, UnixNanos now);

  // Opens the stream and ties it to a connection; again when it moves. From here on heartbeats name it.
  void assign(normalize::StreamKey key, ConnectionId connection);
  // Unsubscribed: no heartbeats, no staleness, status DISCONNECTED. A later record or assign() takes it up again.
  void release(normalize::StreamKey key, UnixNanos now);
  // Another worker may write the stream from now on: until it is assigned again, whatever comes for it is dropped and
  // counted. kLost: that worker writes already, so nothing is said, as it would be taken for its word.
  enum class Leaving : std::uint8_t { kUnsubscribed, kHandedOver, kLost };
  void hand_over(normalize::StreamKey key, Leaving how, UnixNanos now);

  // A later claim of this worker. Streams that are assigned go on under theirs; all others begin anew under this one,
  // with seq 1 and a RESTART mark, when they are assigned or, if nobody else has them, have a record.
  void begin_claim(std::int64_t epoch) noexcept { options_.epoch = epoch; }
  // The stream is ours from now on. A book or a quote opens with a record without levels (flag RESET), or with the
  // quote that it has if it was ours before, so that whatever an earlier writer still has on its way is older from then
  // on; nothing is written if the stream has a record of this epoch already.
  void take_over(normalize::StreamKey key, UnixNanos now);
  // An assigned stream begins anew under the last claim, on its connection and in its state.
  void renew(normalize::StreamKey key, UnixNanos now);
  // Status says the state of every assigned stream once more, with the next tick().
  void tell_again() noexcept;
  // Of every released stream the sink has reported what it took.
  bool settled() const noexcept;

  // AckListener. None of them writes a record: what there is to say follows with the next one or with tick().
  void on_ack(StreamSlot slot, std::int32_t partition, std::int64_t offset, std::int64_t seq) override;
  void on_lost(StreamSlot slot, std::int64_t seq, std::string_view reason) override;
  void on_topic_made_anew(StreamSlot slot) override;

  // Call it often (each 100 ms or so): each heartbeat_ns it marks stale streams and writes heartbeats.
  void tick(UnixNanos now);

  // A frame that gave an error: kept in quarantine, sampled and bounded.
  void quarantine(ConnectionId connection, const normalize::Error& error, std::string_view frame, UnixNanos now);

  // Books that lost a record under overload, or whose topic was made anew. Call Venue::refresh for each; until a
  // snapshot comes, the deltas of those that lost one are dropped and counted. Each request is handed out once.
  std::vector<normalize::InstrumentId> take_refresh_requests();

  const SequenceCounters& counters() const noexcept { return counters_; }
  // Null: never opened. Valid for the sequencer's life; read it on its thread.
  const Stream* find(normalize::StreamKey key) const noexcept;  // null: never opened

 private:
  const normalize::DatasetCapability* capability_of(normalize::Dataset dataset) const noexcept;
  // The stream of this key, made on first use under the name that the instrument has then; begun anew if it is not
  // assigned, not another worker's, and a later claim has come.
  Stream& open(normalize::StreamKey key);
  // The stream of an event; null: it is another worker's, which is counted as a drop.
  Stream* of_event(normalize::StreamKey key);
  Stream* known(normalize::StreamKey key) noexcept { return const_cast<Stream*>(find(key)); }
  Stream& open_own(normalize::StreamKey key);  // no longer another worker's
  Stream& make(normalize::StreamKey key);
  Stream& beside(Stream& busy);
  void point_to(Stream& stream);
  void begin_epoch(Stream& stream);
  void let_go(Stream& stream);
  Connection& connection_at(ConnectionId connection);

  // When the stream was last proven alive; kNever before its first record.
  UnixNanos last_proof(const Stream& stream) const noexcept;
  UnixNanos proof_before_frame(const Stream& stream) const noexcept;
  std::uint32_t flags_of(const Stream& stream, const normalize::EventMeta& meta, UnixNanos receive_time) const noexcept;
  // Uses up the next number, whatever becomes of the record.
  schemas::Meta stamp(Stream& stream, const normalize::EventMeta& meta);

  // What a record says about the venue.
  enum class Proof : std::uint8_t { kAlive, kNothing };
  static Proof proof_of(const normalize::EventMeta& meta) noexcept;

  // For the hot messages, which are encoded straight into the sink; the others go by way of scratch_, as their size is
  // not known before. False: there was no room.
  template <class Body>
  bool publish_fixed(Stream& stream, const normalize::EventMeta& meta, const Body& body);
  template <class Body>
  bool publish_fixed(Stream& stream, const normalize::EventMeta& meta, const Body& body, Proof proof);
  template <class Body>
  void publish_scratch(Stream& stream, const normalize::EventMeta& meta, const Body& body);
  // After a record was taken: what it proves, declares and ends. lost() is the other way out.
  void committed(Stream& stream, const schemas::Meta& meta, Proof proof);
  void declared(Stream& stream, const schemas::Meta& meta);
  void lost(Stream& stream, std::string_view drop_reason, UnixNanos time);
  void mark_lost(Stream& stream, std::int64_t seq, std::string_view reason, UnixNanos time);
  // A record that was on its way.
  void lost_later(Stream& stream, std::int64_t seq, std::string_view reason, UnixNanos time);
  void want_snapshot(Stream& stream);
  // The latest quote of a stream that lost it, and perhaps others before; each heartbeat until it finds room.
  void publish_late_quote(Stream& stream);

  void set_state(Stream& stream, schemas::StreamState state, std::string_view reason, std::string_view detail,
                 UnixNanos time);
  void write_status(const Stream& stream, std::string_view reason, std::string_view detail, UnixNanos time);
  Stream* at(StreamSlot slot) const noexcept;
  static void reported(Stream& stream);
  // LIVE and STALE, by the rule of the stream's cadence or of its connection's silence.
  void check_alive(Stream& stream, UnixNanos now);
  // A sibling knows of a later state of the book for longer than two channels can be apart.
  bool contradicted(Stream& book, UnixNanos now);
  void write_heartbeats(UnixNanos now);
  schemas::StreamBeat beat_of(const Stream& stream, UnixNanos now) const;
  void refresh_gauges(UnixNanos now);

  std::string venue_;
  const normalize::Capabilities& capabilities_;
  const normalize::InstrumentTable& instruments_;
  RecordSink& sink_;
  SequencerOptions options_;
  SequenceCounters counters_;
  OpsRecords ops_;

  std::deque<Stream> streams_;            // never moves
  std::vector<Stream*> index_;            // by instrument * kDatasetCount + dataset; null: none
  std::vector<Stream*> by_slot_;          // by StreamSlot; slots are dense
  std::vector<Connection> connections_;   // by ConnectionId
  ConnectionId current_ = kNoConnection;  // of the frame at hand
  UnixNanos now_ = 0;                     // receive time of the frame at hand
  UnixNanos last_tick_ = kNever;
  std::vector<normalize::InstrumentId> refresh_requests_;
  std::string scratch_;  // keeps its capacity
};

}  // namespace millrace::publish

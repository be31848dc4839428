#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "normalize/error.h"
#include "normalize/symbols/dataset.h"
#include "normalize/symbols/instrument_table.h"
#include "schemas/events/market.h"
#include "schemas/events/meta.h"

namespace millrace::normalize {

// One stream of one venue: what numbering, staleness and status go by.
struct StreamKey {
  // Of the venue's table.
  InstrumentId instrument;
  Dataset dataset;

  friend bool operator==(const StreamKey&, const StreamKey&) = default;
};

// The part of Meta that the venue's frame decides. Receive time is the sink's business: the shell tells it with
// begin_frame before each frame.
struct EventMeta {
  // As sent: an update id, a quote id, a trade id. Absent where the venue numbers nothing.
  std::optional<std::int64_t> venue_seq;
  std::optional<schemas::UnixNanos> venue_time;
  std::optional<schemas::UnixNanos> venue_send_time;
  schemas::Origin origin = schemas::Origin::kLive;
  // Of schemas::flag, as far as the adapter knows: SNAPSHOT, REFRESH, RESET, CROSSED, CHECKSUM_OK, DEPTH_LIMITED,
  // BAD_VENUE_TIME. The sink adds STALE and CONFLATED.
  std::uint32_t flags = 0;
  // Set only where the frame was received earlier than the one at hand (an update buffered until its snapshot came).
  std::optional<schemas::UnixNanos> receive_time;
};

// Where events go. Called on the connection's thread, in the venue's order; what the arguments point to is valid during
// the call only. The sink numbers, stamps, encodes and publishes.
class EventSink {
 public:
  virtual ~EventSink() = default;

  // The events that follow come from a frame received at `receive_time` (ns since 1970, our clock) on connection
  // `connection` (a small dense number given by the shell). The shell calls it before each frame, also those that make
  // no event: the sink takes it for a sign of life.
  virtual void begin_frame(std::uint32_t connection, schemas::UnixNanos receive_time) = 0;

  // One record each. A stream that was never heard of is opened by its first call.
  virtual void on_book(StreamKey stream, const EventMeta& meta, const schemas::Book& book) = 0;
  virtual void on_bbo(StreamKey stream, const EventMeta& meta, const schemas::Bbo& bbo) = 0;
  virtual void on_trade(StreamKey stream, const EventMeta& meta, const schemas::Trade& trade) = 0;
  virtual void on_ticker(StreamKey stream, const EventMeta& meta, const schemas::Ticker& ticker) = 0;
  virtual void on_candle(StreamKey stream, const EventMeta& meta, const schemas::Candle& candle) = 0;
  // New or changed reference data; the InstrumentTable already has it.
  virtual void on_instrument(StreamKey stream, const EventMeta& meta, const schemas::Instrument& instrument) = 0;

  // A hole that the venue's evidence shows. It is put on the stream's next record, or on the heartbeat if none comes.
  virtual void on_gap(StreamKey stream, schemas::GapMark mark) = 0;
  // The stream's state as far as the adapter decides it (SYNCING, LIVE, RECOVERING, HALTED), with a fixed word.
  virtual void on_state(StreamKey stream, schemas::StreamState state, std::string_view reason) = 0;
  // The venue counted something it dropped on purpose: "stale", "duplicate", "no_snapshot", "invalid", "unknown_type".
  virtual void on_drop(std::string_view reason) = 0;
};

}  // namespace millrace::normalize

#pragma once

#include <vector>

#include "normalize/venues/kraken/messages.h"
#include "normalize/venues/kraken/venue_state.h"

namespace millrace::normalize::kraken {

// Book messages to events: which are applied, which dropped, what a wrong checksum means. One per venue and thread.
class BookFeed {
 public:
  explicit BookFeed(VenueState& venue) : venue_(venue) {}

  // What the connection has to do about a message that was decoded. kResyncCrossed: the book is right by its checksum,
  // yet crossed for too long; it is published and stays in use until the resync.
  enum class Action : std::uint8_t { kNone, kSnapshotLoaded, kResyncCrossed };

  // The connection that a message came by. Two that overlap may have asked for different depths.
  struct Feeder {
    std::uint32_t number = 0;
    int depth = 0;  // levels a side that it is subscribed to, by the ack; 0 = not told
  };

  // Decodes and publishes one message. Errors: kBadNumber, kTooLarge (nothing changed) and kBadChecksum: the hole is
  // declared, the book invalid, and the connection must resync it.
  Result<Action> on_message(InstrumentId id, const Message& message, Feeder feeder, UnixNanos receive_time,
                            EventSink& out);

  // The book will miss updates until its next snapshot, which then declares a hole for `reason` (static text: a view of
  // it is kept). With `valid` the book is right up to here and stays in use. Nothing happens to a book that is not
  // live.
  void interrupt(InstrumentId id, std::string_view reason, bool valid);

  // The live book as a REFRESH; false if it is not live. Overwrites `rows_`: not while a message is being handled.
  bool refresh(InstrumentId id, EventSink& out);

 private:
  Result<Action> on_snapshot(InstrumentId id, const BookBody& body, Feeder feeder, EventSink& out);
  Result<Action> on_update(InstrumentId id, const BookBody& body, Feeder feeder, UnixNanos receive_time,
                           EventSink& out);
  // The checksum disagrees: declares the hole once, however many snapshots fail in a row.
  Error refuse(InstrumentId id, BookOutcome outcome, EventSink& out);
  // The word for an update that nothing can be done with, and what the audit hears; nothing for one to apply.
  struct Drop {
    std::string_view reason;
    BookOutcome outcome;
  };
  static std::optional<Drop> useless(const SymbolState& symbol, const BookBody& body, std::uint32_t feeder) noexcept;
  // Publishes the levels of rows_ as they stand.
  void publish(InstrumentId id, schemas::BookKind kind, EventMeta meta, EventSink& out);
  void publish_whole(InstrumentId id, const EventMeta& meta, EventSink& out);
  void publish_bbo(InstrumentId id, const EventMeta& meta, EventSink& out);
  void declare_hole(InstrumentId id, std::string_view reason, EventSink& out);
  void set_states(InstrumentId id, schemas::StreamState state, std::string_view reason, EventSink& out);
  Action check_crossed(SymbolState& symbol, UnixNanos receive_time) const;
  void tell_audit(InstrumentId id, BookOutcome outcome, std::optional<bool> checksum_ok) const;

  VenueState& venue_;
  // The levels of the message at hand, and of a whole book while it is published: one buffer for all books of the
  // thread.
  RowLevels rows_;
};

}  // namespace millrace::normalize::kraken

#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "normalize/venue_adapter.h"
#include "normalize/venues/kraken/depth_book.h"

namespace millrace::normalize::kraken {

// What is remembered of one symbol's trades: their ids are a sequence, kept over reconnects.
struct TradeMemory {
  std::optional<std::int64_t> last_id;
  std::optional<UnixNanos> last_time;
};

// All that one thread knows of one symbol. Lives as long as the venue, over reconnects and resubscriptions.
struct SymbolState {
  DepthBook book;
  std::uint32_t feeder = 0;                // the connection whose snapshot the book began with
  std::string_view hole;                   // not empty: the next snapshot declares a hole with this reason
  bool repairing = false;                  // the next snapshot repairs a hole that was declared already
  std::optional<UnixNanos> book_time;      // the venue's time of the last book message
  std::optional<UnixNanos> update_time;    // the same of the last update since the snapshot
  std::optional<UnixNanos> crossed_since;  // receive time
  bool crossed_resync = false;             // one resync was tried for this crossing
  std::optional<schemas::Bbo> last_bbo;    // what bbo-book last said; absent = must say it
  TradeMemory trades;
  std::array<schemas::StreamState, kDatasetCount> states{};  // our own view, under a halt of the venue

  // The book is not wanted any more; should it be again, it begins anew.
  void forget_book() noexcept;
};

// What the connections of one venue on one thread share. Not thread-safe.
class VenueState {
 public:
  explicit VenueState(const VenueOptions& wanted) : options(wanted) {}

  VenueOptions options;
  InstrumentTable instruments;
  BookAudit* audit = nullptr;
  std::uint32_t connections = 0;  // made so far; a connection's number is the count at its birth

  // Made on first use; the reference stays valid for the venue's life.
  SymbolState& of(InstrumentId id);
  // Finds a symbol of a frame, or adds it (a capture without reference data). kUnknownInstrument if it is no name or
  // there are too many.
  Result<InstrumentId> resolve(std::string_view symbol, std::string_view place);

  // Our view of a stream changed; told on if it is news and the venue is not halted.
  void set_state(StreamKey stream, schemas::StreamState state, std::string_view reason, EventSink& out);
  // A stream begins to flow: the cheap form for every event.
  void set_live(StreamKey stream, EventSink& out) {
    if (of(stream.instrument).states[static_cast<std::size_t>(stream.dataset)] != schemas::StreamState::kLive) {
      set_state(stream, schemas::StreamState::kLive, "live", out);
    }
  }
  // The venue's word for itself: "online", "cancel_only", "post_only", "maintenance", or one that is new to us.
  void set_system(std::string_view wire_word, EventSink& out);
  bool online() const noexcept { return system_ == "online"; }

  // The dataset bbo-book of a symbol is wanted.
  bool wants_bbo_book(InstrumentId id) const noexcept;
  void want_bbo_book(InstrumentId id, bool wanted);

 private:
  std::deque<SymbolState> symbols_;
  std::vector<bool> bbo_book_;
  // What the venue said of itself last; before its first word it is taken to be open, as recordings may lack it.
  std::string system_ = "online";
  bool halted_ = false;
};

// Meta of an event that a frame brought. A time that is absent or unreadable leaves venue_time out and sets
// BAD_VENUE_TIME.
EventMeta meta_of(const WireTime& time, bool snapshot);

}  // namespace millrace::normalize::kraken

#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "normalize/event_sink.h"
#include "publish/sequence/counters.h"
#include "publish/sequence/pending_gaps.h"
#include "publish/sequence/record_sink.h"
#include "schemas/events/market.h"
#include "schemas/events/meta.h"

namespace millrace::publish {

using schemas::UnixNanos;

// A connection as the shell numbers them: small, dense, reused when it reconnects.
using ConnectionId = std::uint32_t;
inline constexpr ConnectionId kNoConnection = std::numeric_limits<ConnectionId>::max();
inline constexpr UnixNanos kNever = std::numeric_limits<UnixNanos>::min();

// What a Sequencer knows of one connection. `before` is there because staleness asks for the proof before the frame
// that brought the record.
struct Connection {
  std::string name;               // "public-1"
  UnixNanos last_alive = kNever;  // last frame, pong or venue heartbeat
  UnixNanos before = kNever;      // the same before the frame at hand
};

// One stream of a Sequencer: its numbering, its holes and its signs of life. Never moves and is never removed, because
// the sink keeps pointing to its identity.
struct Stream {
  normalize::StreamKey key{};
  schemas::StreamIdentity identity;
  StreamName name;  // the same for the metrics' thread
  StreamSlot slot{};
  schemas::MessageType type = schemas::MessageType::kBook;

  std::int64_t epoch = 0;     // the claim under which it is written
  std::int64_t seq = 0;       // the last one used; a lost record uses its number up
  std::size_t in_flight = 0;  // records that the sink took and has not reported yet; of all epochs
  std::optional<std::int64_t> last_venue_seq;
  PendingGaps gaps;
  // What records without an acknowledgement have declared: if one of them is lost, its marks wait again. By seq; as
  // many as such records at most, so the lane's memory bounds it.
  std::deque<std::pair<std::int64_t, PendingGaps>> declared;
  UnixNanos lost_since = 0;     // when the oldest undeclared loss was noticed
  bool needs_snapshot = false;  // a book that lost a record: only a snapshot may follow
  bool conflated = false;       // events were left out since the last record
  // The last quote, if there was no room for it (what all that were left out conflate to), or if a later claim may have
  // to say it again. Null: none.
  struct Quote {
    normalize::EventMeta meta;
    schemas::Bbo body;
    bool late = false;  // there was no room for it
  };
  std::unique_ptr<Quote> quote;
  // The same stream under the claim before, as long as this one lives: its records may still be on their way.
  Stream* before = nullptr;

  std::int64_t cadence_ns = 0;  // 0 = on change
  ConnectionId connection = kNoConnection;
  bool assigned = false;    // by the shell; else the connection is that of the last record
  bool has_data = false;    // on this connection, or its adapter's word that none is to be waited for
  bool had_record = false;  // since the last heartbeat
  bool had_loss = false;    // since the last heartbeat: of its records perhaps none was taken
  bool released = false;    // unsubscribed: neither heartbeat nor staleness
  bool foreign = false;     // another worker writes it: what still comes is dropped
  // Receive time of the last record that the venue caused.
  UnixNanos last_record = kNever;
  schemas::StreamState state = schemas::StreamState::kUnspecified;

  std::optional<std::int64_t> awaited_seq;  // venue id that a sibling has shown already
  UnixNanos awaited_since = 0;

  std::int32_t partition = 0;
  // The last offset that the broker confirmed: absent before the first one and after the topic was made anew.
  std::optional<std::int64_t> acked_offset;
  const char* to_tell = nullptr;  // a reason that the next tick tells in status
  bool forbidden = false;         // the broker refused its last record for want of a right

  // Somebody waits for its records. Reference data that nobody subscribed to comes when it changes, by REST.
  bool watched() const noexcept { return !released && (assigned || key.dataset != normalize::Dataset::kInstrument); }
};

}  // namespace millrace::publish

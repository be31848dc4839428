#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "normalize/venues/kraken/book_feed.h"
#include "normalize/venues/kraken/messages.h"
#include "normalize/venues/kraken/requests.h"
#include "normalize/venues/kraken/row_feed.h"
#include "normalize/venues/kraken/venue_state.h"

namespace millrace::normalize::kraken {

// What one connection is subscribed to and what it is waiting for: acks, first data, the end of a backoff, the next
// audit. Pure: time comes in as `now`, requests go out through Commands. In a capture nobody subscribes; then it only
// learns from the acks it sees, and carries everything.
class Subscriptions : public StreamFilter {
 public:
  Subscriptions(VenueState& venue, BookFeed& books) : venue_(venue), books_(books) {}

  // Streams that are there already are left alone. One that cannot share this connection is HALTED with reason
  // "conflict".
  void add(std::span<const Subscription> wanted, UnixNanos now, EventSink& out, Commands& todo);
  // Forgets the streams at once, without waiting for the ack; the book and the trade ids go with them.
  void remove(std::span<const Subscription> gone, UnixNanos now, Commands& todo);
  // The instrument channel, which has no symbols: precisions change while books run.
  void subscribe_instruments(UnixNanos now, Commands& todo);

  // An ack, or a refusal. Errors: kRefused with the venue's words, after the stream was HALTED.
  Result<void> on_reply(const Reply& reply, UnixNanos now, EventSink& out, Commands& todo);
  // The stream's first data after a subscribe.
  void on_data(StreamKey stream);
  // The book is wrong: unsubscribe, and subscribe again on the ack; not more often than the ladder of waits allows.
  // False if nothing was begun: nobody subscribed to it, or it is under way already.
  bool resync(InstrumentId id, UnixNanos now, Commands& todo);
  // Deadlines, retries and audits that are due, and the wake-up for the next. Linear in the streams.
  void on_time(UnixNanos now, Commands& todo);

  bool carries(StreamKey stream) const override;
  Dataset ticker_dataset(InstrumentId id) const override;
  // Levels a side of this connection's book subscription, by its ack; 0 = not told.
  int acked_depth(InstrumentId id) const noexcept;
  // Every stream with a subscription, also those still waiting.
  std::vector<StreamKey> streams() const;

 private:
  // Where a stream stands. Only kSilent and kActive may be resynced; a phase with a deadline does something when it is
  // over (on_deadline).
  enum class Phase : std::uint8_t {
    kSubscribing,    // waits for the ack
    kSilent,         // acked, waits for the first data
    kActive,         // flows
    kUnsubscribing,  // waits for the ack, then subscribes again
    kResyncLater,    // waits, then unsubscribes
    kRetryLater,     // waits, then subscribes
    kRefused,        // the venue said no
  };
  struct Stream {
    Phase phase = Phase::kSubscribing;
    UnixNanos deadline = 0;  // of the phase; 0 = none
    UnixNanos next_audit = 0;
    UnixNanos last_resync = 0;
    int resyncs = 0;          // in a row
    int missed = 0;           // deadlines in a row
    int retries = 0;          // after passing refusals, in a row
    std::int64_t req_id = 0;  // of the last request: a refusal may name nothing else
  };
  // Ordered by instrument: a walk over all streams sends the requests of one symbol together.
  using Key = std::pair<std::size_t, Dataset>;
  static Key key_of(StreamKey stream) noexcept { return {index(stream.instrument), stream.dataset}; }
  static StreamKey stream_of(Key key) noexcept {
    return {InstrumentId{static_cast<std::uint32_t>(key.first)}, key.second};
  }

  Stream* find(StreamKey stream);
  std::optional<StreamKey> acked_stream(const Reply& reply);
  // Empty: nobody waits for this answer any more.
  std::vector<StreamKey> refused_streams(const Reply& reply) const;
  Dataset ticker_dataset(InstrumentId id, const Reply& reply) const;
  void set_ticker_dataset(StreamKey stream);
  void set_acked_depth(InstrumentId id, int depth);
  void ask(bool subscribe, Dataset dataset, std::span<const StreamKey> streams, Commands& todo);
  void ask(bool subscribe, StreamKey stream, Commands& todo);
  // Enters a phase; `deadline` 0 = it may last.
  void begin(Stream& held, Phase phase, UnixNanos deadline, Commands& todo);
  void on_ack(StreamKey stream, const Reply& reply, UnixNanos now, EventSink& out, Commands& todo);
  void on_unsubscribed(StreamKey stream, UnixNanos now, Commands& todo);
  Result<void> on_refusal(StreamKey stream, const Reply& reply, UnixNanos now, EventSink& out, Commands& todo);
  void on_deadline(StreamKey stream, Stream& held, UnixNanos now, Commands& todo);
  // Subscribes a live book anew to have all its levels proven.
  void start_audit(StreamKey stream, Stream& held, UnixNanos now, Commands& todo);
  UnixNanos audit_interval() const noexcept;
  int book_depth() const noexcept;

  VenueState& venue_;
  BookFeed& books_;
  // Only what is subscribed to or waits for it; a refused one stays, so that it is not asked for again.
  std::map<Key, Stream> streams_;
  std::vector<bool> bbo_ticker_;  // by instrument: the ticker subscription has trigger bbo
  std::vector<int> depths_;       // by instrument: acked_depth()
  std::int64_t requests_ = 0;     // made by this connection; ids need be unique here only
  bool managed_ = false;          // somebody told us what to subscribe to
};

}  // namespace millrace::normalize::kraken

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "normalize/book/book_audit.h"
#include "normalize/error.h"
#include "normalize/event_sink.h"
#include "normalize/symbols/dataset.h"
#include "normalize/symbols/instrument_table.h"

// The contract between the program and one venue. Everything here is pure: no socket, clock, thread or Kafka. Frames
// come in; events go to the sink, commands (send this text, ask REST for that, reconnect) go back to the shell.
namespace millrace::normalize {

using schemas::UnixNanos;

// One stream that somebody wants. `symbol` is the venue's spelling as in its payloads ("BTC/USD", "BTCUSDT").
struct Subscription {
  std::string symbol;
  Dataset dataset;

  friend bool operator==(const Subscription&, const Subscription&) = default;
};

// Settings of one venue that adapters read; every one can be set in the configuration. Fixed for the life of a Venue.
struct VenueOptions {
  int book_depth = 0;           // levels asked for; 0 = the venue's default (Kraken 100)
  std::int32_t max_levels = 0;  // live books keep at most this many levels a side; 0 = all (offline)
  int snapshot_levels = 0;      // levels of a REST snapshot; 0 = the venue's default
  std::string book_speed;       // such as "100ms"; empty = the venue's default
  std::string ws_url;           // empty = the venue's production address
  std::string rest_url;
  bool bbo_from_book = false;        // also emit dataset bbo-book
  std::int64_t book_audit_s = 3600;  // resubscribe each checksummed book this often, to prove all its levels; 0 = never
};

// One whole WebSocket message, UTF-8 if not `binary`. `text` is followed by at least kFramePadding readable bytes (any
// values: parsers load words beyond the end) and is valid during the call.
inline constexpr std::size_t kFramePadding = 64;
struct Frame {
  std::string_view text;
  UnixNanos receive_time = 0;
  bool binary = false;
};

// The answer to a REST request. `target` is as sent ("/api/v3/depth?symbol=BTCUSDT&limit=1000"), which is how an answer
// finds its instrument; `body` is padded like Frame::text, both are valid during the call. status 0 = not recorded,
// taken for 200. Answers may come late, twice or not at all, and in another order than asked for.
struct RestAnswer {
  std::string_view target;
  std::string_view body;
  int status = 200;
  UnixNanos receive_time = 0;
};

// A REST request that the adapter asks for. The shell sends it within the venue's budget; of requests with the same key
// at most one is under way, and a second one joins it: both are served by one answer. Nothing tells the adapter that a
// request was refused or lost: it sets a wake_at and asks again.
struct RestRequest {
  std::string key;           // single flight, such as "depth/BTCUSDT"
  std::string target;        // path and query
  int weight = 1;            // by the venue's table
  UnixNanos not_before = 0;  // 0 = at once
};

inline void keep_earliest(std::optional<UnixNanos>& earliest, std::optional<UnixNanos> time) {
  if (time && (!earliest || *time < *earliest)) earliest = time;
}

// What the adapter wants done. Cleared by the shell before each call, and carried out after it, also after one that
// returned an error. wake_at is told anew by each call that wants one.
struct Commands {
  std::vector<std::string> send;  // texts for this connection, in order, within the venue's message rate
  std::vector<RestRequest> rest;
  std::optional<UnixNanos> wake_at;  // call on_time then; the earliest one counts
  // Asks for a new connection; whatever else stands in these commands is done first.
  bool reconnect = false;
  std::string reason;  // of the reconnect, a fixed word

  void clear();
  // No later than `at`; empty: no matter when.
  void wake(std::optional<UnixNanos> at) { keep_earliest(wake_at, at); }
};

// The part of a plan that one connection serves.
struct ConnectionPlan {
  std::string url;                          // with path and query
  std::vector<Subscription> subscriptions;  // what this connection carries
};

// Limits of a venue, as data, each from its public documentation (README of the venue's folder). 0 = none documented;
// the shell then applies none.
struct VenueLimits {
  int streams_per_connection = 0;  // 0 = none documented
  int messages_per_second = 0;     // client -> server
  int connects_per_window = 0;     // connection attempts per connect_window_s
  int connect_window_s = 0;
  int rest_weight_per_minute = 0;
  std::int64_t lifetime_s = 0;        // the venue closes a connection after this; 0 = no limit
  std::int64_t silence_ns = 0;        // a connection without any frame for so long is dead
  std::int64_t busy_silence_ns = 0;   // so long without a message means the same on one that was busy, pongs or not
  std::int64_t ping_interval_ns = 0;  // send a ping this often; 0 = none
};

// What a venue can do for one dataset. Texts have static life.
struct DatasetCapability {
  Dataset dataset;
  std::string_view channel;  // the venue's channel
  schemas::LossEvidence evidence = schemas::LossEvidence::kNone;
  std::optional<std::int32_t> evidence_depth;  // levels a side that a checksum covers
  std::int64_t cadence_ns = 0;                 // a record at least this often; 0 = on change
  std::string_view depth;                      // for people: "10/25/100/500/1000", "full"
  std::string_view rest;                       // REST twin, empty if none
};

// What the README's matrix, the configuration's checks, staleness and pings go by. Static life: one per kind of venue.
struct Capabilities {
  std::span<const DatasetCapability> datasets;
  VenueLimits limits;
  std::string_view ping_text;  // text ping; empty = WebSocket ping frames
};

// Serves one connection, on that connection's thread. Dies with it; the books live in the Venue, which must outlive it.
// No call blocks, none reads a clock: `now` and receive times are handed in, so the same calls give the same events.
// Calls do not nest: the sink must not call back.
class VenueAdapter {
 public:
  virtual ~VenueAdapter() = default;

  // The connection is open: what to send first. `wanted` is what this connection is to carry. Once per adapter: after a
  // reconnect there is a new one. With nothing wanted (a recording) the adapter carries all that the frames bring.
  virtual void on_open(std::span<const Subscription> wanted, UnixNanos now, EventSink& out, Commands& todo) = 0;

  // Streams added to and removed from a live connection, removals first: a name in both lists is subscribed anew. One
  // that is carried already does no harm, one to remove that is not carried is ignored. What still arrives for a
  // removed stream is dropped with reason "unsubscribed".
  virtual void change(std::span<const Subscription> add, std::span<const Subscription> remove, UnixNanos now,
                      EventSink& out, Commands& todo) = 0;

  // Decodes one whole message into 0..n events, in the venue's order. On error nothing of the frame reached `out` but
  // gaps, states and drops, and books are as before, or invalid with a resync in `todo`. The caller counts the error,
  // does what reaction_to() says and goes on with the next frame. An unknown message type is not an error (on_drop
  // "unknown_type").
  virtual Result<void> on_frame(const Frame& frame, EventSink& out, Commands& todo) = 0;

  // The same for a REST answer that this connection's adapter asked for.
  virtual Result<void> on_rest(const RestAnswer& answer, EventSink& out, Commands& todo) = 0;

  // At or after the time that the last Commands asked for: retries, audits, deadlines. An early or extra call does no
  // harm.
  virtual void on_time(UnixNanos now, EventSink& out, Commands& todo) = 0;

  // The connection is gone. Books it alone fed are no longer live (RECOVERING); a gap is put on them when they resume.
  virtual void on_close(UnixNanos now, EventSink& out) = 0;
};

// All state of one venue on one thread: instruments and books. Outlives its connections, so that two can overlap. Not
// thread-safe, reading included; each ingest thread has its own. Memory grows with instruments and levels, never with
// time.
class Venue {
 public:
  virtual ~Venue() = default;

  virtual std::string_view venue_name() const noexcept = 0;
  virtual const Capabilities& capabilities() const noexcept = 0;
  // The references that the following three return live as long as the Venue; capabilities() has static life.
  virtual InstrumentTable& instruments() noexcept = 0;

  // Where REST requests go, "https://host[:port]": the configured address, else the venue's own. Empty: it has none.
  virtual std::string_view rest_url() const noexcept { return {}; }

  // Requests that load reference data, before any stream starts.
  virtual std::vector<RestRequest> reference_requests() const = 0;
  // Reads one of their answers into the table (and tells the sink). Also reads what `normalize --instruments` is given.
  // Without a table no live stream may start: prices could not be given their exponent. So the caller repeats the
  // request until one succeeds.
  virtual Result<void> on_reference(const RestAnswer& answer, EventSink& out) = 0;

  // Splits what is wanted over connections so that none exceeds a limit of the venue. An error names what the venue
  // cannot do.
  virtual Result<std::vector<ConnectionPlan>> plan(std::span<const Subscription> wanted) const = 0;

  // An adapter for one new connection, never null. It holds a reference to this Venue.
  virtual std::unique_ptr<VenueAdapter> connect() = 0;

  // Publishes the live book as a SNAPSHOT with flag REFRESH; false if the book is not live. Costs a pass over all its
  // levels. May be called between frames only.
  virtual bool refresh(InstrumentId instrument, EventSink& out) = 0;

  // Told of each book change (summary, tests); null = nobody. Not owned.
  virtual void set_audit(BookAudit* audit) noexcept = 0;
};

// A name that configurations and topics use, and how such a venue is made. Two environments of one exchange are two
// entries.
struct VenueEntry {
  std::string_view name;  // "kraken", "binance-spot"
  std::unique_ptr<Venue> (*make)(const VenueOptions& options);
};

// All venues of this build (venues/registry.def), and one of them by name; null if unknown.
std::span<const VenueEntry> venues() noexcept;
std::unique_ptr<Venue> make_venue(std::string_view name, const VenueOptions& options);

}  // namespace millrace::normalize

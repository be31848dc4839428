#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// What a simulated venue is to the rest: texts and requests come in, texts and answers go out. No sockets here, so that
// a test can talk to a venue without any.
namespace millrace::sim {

// One WebSocket connection, numbered from 1 within its venue.
using ClientId = std::uint32_t;

// Wall clock, ns since 1970. Tests give their own.
using Clock = std::function<std::int64_t()>;

enum class Channel : std::uint8_t {
  kControl,  // acks, errors, status, pongs
  kHeartbeat,
  kInstrument,
  kBook,
  kQuote,
  kTrade,
  kTradeAgg,
  kTicker,
  kCandle,
};
std::string_view name(Channel channel) noexcept;

// What a message carries, for the faults and their log. `symbol` lives as long as the venue.
struct Tag {
  Channel channel = Channel::kControl;
  std::string_view symbol = {};
  std::int64_t first_id = 0;  // venue ids from..to; 0 = the channel has none
  std::int64_t last_id = 0;
  int records = 1;  // trades in the message
  bool snapshot = false;
  bool top_changed = false;  // Kraken book: the ten best levels changed, so a checksum can tell
};

// Where a venue's messages go. All calls on the venue's strand.
class Outbox {
 public:
  virtual ~Outbox() = default;
  virtual void send(ClientId to, std::string_view text, const Tag& tag) = 0;
  virtual void close(ClientId client, std::uint16_t code, std::string_view reason) = 0;
  // One text frame made beforehand, header and all. Faults of messages do not touch it.
  virtual void send_framed(ClientId to, std::string_view frame) = 0;
  // Has a client much to read yet? Flow at full speed then waits.
  virtual bool crowded() const = 0;
};

struct HttpRequest {
  std::string_view method;
  std::string_view path;   // without query
  std::string_view query;  // after '?', not decoded
  std::string_view body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
};

struct HttpAnswer {
  int status = 200;
  std::string body = {};
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers = {};
  bool cut = false;  // the connection ends in the middle of the body
};

// Answers a request, now or later; called once.
using HttpReply = std::function<void(HttpAnswer)>;

// The venue's own rules; every one can be set on the command line.
struct Limits {
  int messages_per_second = 0;     // client -> server; 0 = no limit. Over it: disconnected
  int streams_per_connection = 0;  // 0 = no limit
  int connects = 0;                // per connect_window_s; 0 = no limit. Over it: HTTP 429
  int connect_window_s = 300;
  int rest_weight_per_minute = 0;    // 0 = no limit
  std::int64_t lifetime_s = 0;       // a connection is closed after it; 0 = never
  std::int64_t ping_interval_s = 0;  // server pings; 0 = none
  std::int64_t pong_timeout_s = 60;
};

// What a configuration for this venue should ask for.
struct Profile {
  std::vector<std::string> datasets = {};  // empty = no opinion
  int book_depth = 0;                      // 0 = not set
  int snapshot_levels = 0;
};

enum class PlayState : std::uint8_t { kNotARecording, kPlaying, kEnded };

// One venue. Lives on its strand: no call overlaps another. `Outbox` outlives it.
class Venue {
 public:
  virtual ~Venue() = default;

  virtual std::string_view name() const noexcept = 0;
  virtual const Limits& limits() const noexcept = 0;
  virtual std::vector<std::string> symbols() const = 0;
  virtual Profile profile() const = 0;
  // Reference data as REST gives them.
  virtual std::string instruments_body() const = 0;
  // Is there a WebSocket at this path?
  virtual bool serves(std::string_view path) const = 0;

  virtual void on_open(ClientId client, std::string_view path, std::string_view query) = 0;
  virtual void on_text(ClientId client, std::string_view text) = 0;
  // A ping or pong frame came.
  virtual void on_control_frame(ClientId client) { static_cast<void>(client); }
  virtual void on_close(ClientId client) = 0;
  virtual void on_http(const HttpRequest& request, HttpReply reply) = 0;

  // Has anybody subscribed to anything? Flow stands still until then.
  virtual bool wanted() const = 0;
  // Moves the market once; returns how many messages came of it, each counted once however many clients get it.
  virtual std::size_t step() = 0;
  // A recording sends what is due, at its own pace; then step() is not called.
  virtual PlayState play() { return PlayState::kNotARecording; }
  // Once a second: heartbeats, timed channels, lifetime warnings.
  virtual void on_second() = 0;
  // The connection reached its lifetime less a moment: the venue may say so first.
  virtual void on_expiring(ClientId client) { static_cast<void>(client); }
};

// Value of one query parameter, as written; empty if absent.
std::string_view query_value(std::string_view query, std::string_view key) noexcept;
// %2F -> '/' and so on; what is malformed stays as it is.
std::string percent_decoded(std::string_view text);

}  // namespace millrace::sim

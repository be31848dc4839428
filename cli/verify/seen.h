#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// Records as `millrace verify` sees them: read by protoc's code into structs of its own, so that a mistake in the
// codec, in normalize or in publish cannot hide itself here.
namespace millrace::cli {

inline constexpr std::size_t kMaxProblems = 5;  // that a part of the report names

enum class MarkKind : std::uint8_t { kOther, kVenue, kLocal, kRestart };

// How the venue's word came to us.
enum class SeenOrigin : std::uint8_t { kOther, kLive, kSnapshot, kReplay, kHistory };

// One declared hole.
struct SeenMark {
  MarkKind kind = MarkKind::kOther;
  std::optional<std::int64_t> from, to;
};

struct SeenMeta {
  std::string venue, symbol, instrument, account;
  std::int64_t epoch = 0;
  std::int64_t seq = 0;
  std::optional<std::int64_t> venue_seq;
  std::optional<std::int64_t> venue_time_ns, venue_send_time_ns;
  std::int64_t receive_time_ns = 0;
  std::optional<std::int64_t> publish_time_ns;  // absent offline
  std::int64_t staleness_ns = 0;
  SeenOrigin origin = SeenOrigin::kOther;
  bool refresh = false;
  bool reset = false;
  std::vector<SeenMark> marks;

  bool has(MarkKind kind) const noexcept;
};

struct SeenLevel {
  std::int64_t price = 0;
  std::int64_t quantity = 0;
};

struct SeenBook {
  bool snapshot = false;  // else a delta
  std::int32_t price_exponent = 0;
  std::int32_t quantity_exponent = 0;
  std::vector<SeenLevel> bids, asks;
  std::optional<std::int64_t> venue_seq_first, venue_seq_prev, checksum;
  std::optional<std::int32_t> price_decimals, quantity_decimals;
};

struct SeenQuote {
  std::int32_t price_exponent = 0;
  std::int32_t quantity_exponent = 0;
  std::optional<SeenLevel> bid, ask;
};

struct SeenTrade {
  std::string id;
};

// Any record of a numbered stream; what is neither book nor quote nor trade has no body here.
struct SeenEvent {
  SeenMeta meta;
  std::variant<std::monostate, SeenBook, SeenQuote, SeenTrade> body;
};

// Where a record stands among those of its stream that came before.
enum class Place : std::uint8_t {
  kFollows,    // directly behind the last one
  kAfterHole,  // seqs are missing before it
  kOpens,      // the first of an epoch
  kJoins,      // the first that the broker keeps: what came before is not known
};

// One stream of a heartbeat.
struct SeenBeat {
  std::string venue, dataset, symbol, instrument;
  std::int64_t time_ns = 0;
  std::int64_t epoch = 0;
  std::int64_t next_seq = 0;
  std::int32_t partition = 0;
  std::optional<std::int64_t> acked_offset;
  std::vector<SeenMark> marks;
};

// A change of a stream's state, as far as it matters here.
struct SeenStatus {
  std::string venue, dataset, instrument;
  std::int64_t time_ns = 0;
  std::int64_t epoch = 0;
  bool unsubscribed = false;
};

// Reads bytes by protoc's classes, which it keeps to use their memory again. Not thread-safe.
class RecordReader {
 public:
  RecordReader();
  ~RecordReader();

  // `dataset` as in the topic's name. False: not such a message, or one that contradicts itself (levels without
  // quantities, a book that is neither snapshot nor delta).
  bool read(std::string_view dataset, std::string_view bytes, SeenEvent& out);
  bool read_heartbeat(std::string_view bytes, std::vector<SeenBeat>& out);
  bool read_status(std::string_view bytes, SeenStatus& out);

 private:
  struct Messages;
  std::unique_ptr<Messages> messages_;
};

}  // namespace millrace::cli

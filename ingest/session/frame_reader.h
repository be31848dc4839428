#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "ingest/session/inflater.h"
#include "ingest/session/padded_buffer.h"

namespace millrace::ingest {

// Close codes that we send or react to (RFC 6455, 7.4).
namespace close_code {
inline constexpr std::uint16_t kNormal = 1000;
inline constexpr std::uint16_t kGoingAway = 1001;
inline constexpr std::uint16_t kProtocolError = 1002;
inline constexpr std::uint16_t kNoStatus = 1005;  // the close frame had none; never on the wire
inline constexpr std::uint16_t kBadPayload = 1007;
inline constexpr std::uint16_t kPolicy = 1008;
inline constexpr std::uint16_t kTooBig = 1009;
inline constexpr std::uint16_t kRestart = 1012;
inline constexpr std::uint16_t kTryLater = 1013;
}  // namespace close_code

// What next() found.
struct Incoming {
  // kNeedMore: call again after commit(). kClose and kViolation are the last; next() repeats them.
  enum class Kind : std::uint8_t { kNeedMore, kMessage, kPing, kPong, kClose, kViolation };
  Kind kind = Kind::kNeedMore;
  // kMessage.
  bool binary = false;
  // kMessage: came compressed.
  bool compressed = false;
  // kClose: as sent, or kNoStatus; kViolation: what to close with.
  std::uint16_t close_code = 0;
  // kMessage: payload bytes as received.
  std::uint32_t wire_bytes = 0;
  // Message, ping data, close reason; kViolation: which rule was broken.
  std::string_view payload = {};
};

// The client's side of RFC 6455 and RFC 7692 as a pure function of bytes: no socket, no clock. Bytes go in by prepare()
// and commit(), messages and control frames come out by next(). An unfragmented message is handed out where it lies in
// the receive buffer; on the steady path nothing is allocated. After a violation or a close frame nothing more is read.
// One object serves one connection at a time; reset() begins the next one.
class FrameReader {
 public:
  // `max_message_bytes` bounds messages after inflation; a larger one is a violation with kTooBig, told as soon as a
  // header announces it. Memory: the receive buffer, which grows to the largest frame seen and goes back to 1 MiB when
  // it is empty, and the same for fragments and for inflated text.
  explicit FrameReader(std::size_t max_message_bytes);

  // For a new connection: forgets all bytes, the agreed compression and a violation.
  void reset();
  void use_deflate(const DeflateOptions& options);

  // Room for the next bytes, at least kLeastRoom. Invalidates every view handed out.
  std::span<char> prepare();
  // The first `count` bytes of prepare()'s room are received.
  void commit(std::size_t count) noexcept { buffer_.add(count); }

  // For what precedes the first frame (the HTTP answer): the bytes not yet read, and how many of them are done with.
  std::string_view unread() const noexcept { return buffer_.view().substr(read_); }
  void consume(std::size_t count) noexcept { read_ += count; }

  // The next message or control frame. Its payload is valid until the next call of next() or prepare() and followed by
  // kFramePadding readable bytes.
  Incoming next();

  // Since construction, fragments and control frames too.
  std::int64_t frames() const noexcept { return frames_; }

  // One TLS record.
  static constexpr std::size_t kLeastRoom = 16 * 1024;

 private:
  // Of the frame at hand (RFC 6455, 5.2).
  struct Header {
    // FIN, RSV, opcode.
    std::uint8_t first = 0;
    // Of the header itself.
    std::uint8_t size = 0;
    // Of the payload.
    std::uint64_t length = 0;
  };

  // What next() is made of. Each looks at one rule; the first that is broken ends the reading.
  bool read_header(Header& header) const noexcept;
  const char* broken_rule(const Header& header) const noexcept;
  bool too_long(const Header& header) const noexcept;
  Incoming violation(std::uint16_t code, std::string_view rule);
  Incoming control(const Header& header, std::string_view payload);
  Incoming close(std::string_view payload);
  std::optional<Incoming> data(const Header& header, std::string_view payload);
  std::optional<Incoming> inflate(bool begins, bool ends, std::string_view payload);
  Incoming message(std::string_view text);

  const std::size_t max_message_bytes_;
  // As received; read_ is where the next frame begins.
  PaddedBuffer buffer_;
  // Fragments of an uncompressed message.
  PaddedBuffer assembled_;
  std::optional<Inflater> inflater_;
  // Everything before it in buffer_ is done with; prepare() may drop it.
  std::size_t read_ = 0;
  std::int64_t frames_ = 0;
  // The last data frame had no FIN.
  bool in_message_ = false;
  // Of the message under way.
  bool binary_ = false;
  bool compressed_ = false;
  std::uint32_t wire_bytes_ = 0;
  // A violation or close: the answer from now on.
  std::optional<Incoming> end_;
};

}  // namespace millrace::ingest

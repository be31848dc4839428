#include "ingest/session/frame_reader.h"

#include <simdjson.h>

// A frame (RFC 6455, 5.2), as servers send it, which is without a mask:
//
//   byte 0        FIN (0x80), RSV1 to RSV3 (0x40 0x20 0x10), opcode (0x0f); RSV1 = compressed (RFC 7692)
//   byte 1        MASK (0x80, never set by a server), length 0 .. 125, or 126 or 127
//   2 or 8 bytes  the length, most significant first, after 126 or 127
//   payload
namespace millrace::ingest {
namespace {

constexpr std::size_t kFirstBuffer = 64 * 1024;
constexpr std::size_t kFirstAssembled = 4 * 1024;
constexpr std::size_t kKeep = 1 << 20;  // what one huge message made larger is given back

constexpr std::uint8_t kFin = 0x80;
constexpr std::uint8_t kRsv1 = 0x40;
constexpr std::uint8_t kRsv23 = 0x30;
constexpr std::uint8_t kMasked = 0x80;
constexpr std::uint8_t kOpcode = 0x0f;

enum Opcode : std::uint8_t {
  kContinuation = 0,
  kText = 1,
  kBinary = 2,
  kCloseFrame = 8,
  kPingFrame = 9,
  kPongFrame = 10
};

constexpr bool is_control(std::uint8_t first) { return (first & 0x08) != 0; }

std::uint64_t big_endian(const std::uint8_t* bytes, int count) {
  std::uint64_t value = 0;
  for (int i = 0; i < count; ++i) value = value << 8 | bytes[i];
  return value;
}

bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

// Codes that may stand in a close frame (RFC 6455, 7.4.2, and the registry as of 1014).
bool may_be_sent(std::uint16_t code) {
  if (code >= 3000) return code <= 4999;
  if (code < 1000 || code > 1014) return false;
  return code != 1004 && code != 1005 && code != 1006;
}

}  // namespace

FrameReader::FrameReader(std::size_t max_message_bytes)
    : max_message_bytes_(max_message_bytes), buffer_(kFirstBuffer), assembled_(kFirstAssembled) {}

void FrameReader::reset() {
  buffer_.clear(kKeep);
  assembled_.clear(kKeep);
  inflater_.reset();
  read_ = 0;
  in_message_ = false;
  end_.reset();
}

void FrameReader::use_deflate(const DeflateOptions& options) {
  inflater_.reset();
  if (options.enabled) inflater_.emplace(options, max_message_bytes_);
}

// Moves bytes only when the room runs out, and then only what is not read yet: part of one frame. On the steady path
// every frame is read before the next prepare(), so nothing is moved.
std::span<char> FrameReader::prepare() {
  if (read_ == buffer_.size()) {
    buffer_.clear(kKeep);
    read_ = 0;
  } else if (buffer_.room().size() < kLeastRoom && read_ > 0) {
    buffer_.drop_front(read_);
    read_ = 0;
  }
  while (buffer_.room().size() < kLeastRoom) buffer_.grow();
  return buffer_.room();
}

// Rules before lengths before payload: a peer that breaks one is told so from the header, without waiting for bytes
// that may never come.
Incoming FrameReader::next() {
  while (!end_) {
    Header header;
    if (!read_header(header)) return {};
    if (const char* rule = broken_rule(header)) return violation(close_code::kProtocolError, rule);
    if (too_long(header)) return violation(close_code::kTooBig, "message too long");
    const auto rest = unread();
    if (rest.size() - header.size < header.length) return {};
    const auto payload = rest.substr(header.size, header.length);
    read_ += header.size + payload.size();
    ++frames_;
    if (is_control(header.first)) return control(header, payload);
    if (const auto found = data(header, payload)) return *found;
  }
  return *end_;
}

// False: not all of it is there. A masked frame is told by broken_rule, from the two bytes that are always there.
bool FrameReader::read_header(Header& header) const noexcept {
  const auto rest = unread();
  if (rest.size() < 2) return false;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(rest.data());
  header.first = bytes[0];
  header.length = bytes[1] & ~kMasked;
  const int extra = header.length == 126 ? 2 : header.length == 127 ? 8 : 0;
  header.size = static_cast<std::uint8_t>(2 + extra);
  if (extra == 0 || is_control(header.first)) return true;
  if (rest.size() < header.size) return false;
  header.length = big_endian(bytes + 2, extra);
  return true;
}

// RFC 6455, 5.2 and 5.5; RFC 7692, 6.1. The words are for people and logs.
const char* FrameReader::broken_rule(const Header& header) const noexcept {
  const std::uint8_t opcode = header.first & kOpcode;
  if (static_cast<std::uint8_t>(buffer_.data()[read_ + 1]) & kMasked) return "server frame is masked";
  if (header.first & kRsv23) return "reserved bit is set";
  if (is_control(header.first)) {
    if (opcode > kPongFrame) return "unknown opcode";
    if (header.first & kRsv1) return "reserved bit on a control frame";
    if (!(header.first & kFin)) return "fragmented control frame";
    return header.length > 125 ? "control frame too long" : nullptr;
  }
  if (opcode > kBinary) return "unknown opcode";
  if ((opcode == kContinuation) != in_message_) {
    return in_message_ ? "new message inside a fragmented one" : "continuation of nothing";
  }
  if ((header.first & kRsv1) && (!inflater_ || opcode == kContinuation)) return "compression bit not agreed on";
  if (header.size == 4 && header.length < 126) return "length not in its shortest form";
  if (header.size == 10 && header.length < 65536) return "length not in its shortest form";
  return header.length >> 63 ? "length has its highest bit set" : nullptr;
}

// Compressed payload may be a little longer than what it inflates to.
bool FrameReader::too_long(const Header& header) const noexcept {
  if (is_control(header.first)) return false;
  const bool continued = (header.first & kOpcode) == kContinuation;
  const bool compressed = continued ? compressed_ : (header.first & kRsv1) != 0;
  const std::size_t had = continued ? wire_bytes_ : 0;
  const std::size_t bound = compressed ? max_message_bytes_ + max_message_bytes_ / 64 + 64 : max_message_bytes_;
  return had > bound || header.length > bound - had;
}

Incoming FrameReader::violation(std::uint16_t code, std::string_view rule) {
  end_ = Incoming{.kind = Incoming::Kind::kViolation, .close_code = code, .payload = rule};
  return *end_;
}

Incoming FrameReader::control(const Header& header, std::string_view payload) {
  const std::uint8_t opcode = header.first & kOpcode;
  if (opcode == kCloseFrame) return close(payload);
  return {.kind = opcode == kPingFrame ? Incoming::Kind::kPing : Incoming::Kind::kPong, .payload = payload};
}

// RFC 6455, 5.5.1 and 7.4. The view into the buffer is handed out once; what is kept for later calls has no reason
// text.
Incoming FrameReader::close(std::string_view payload) {
  Incoming found{.kind = Incoming::Kind::kClose, .close_code = close_code::kNoStatus};
  if (payload.size() == 1) return violation(close_code::kProtocolError, "close frame of one byte");
  if (payload.size() >= 2) {
    found.close_code = static_cast<std::uint16_t>(big_endian(reinterpret_cast<const std::uint8_t*>(payload.data()), 2));
    found.payload = payload.substr(2);
    if (!may_be_sent(found.close_code)) return violation(close_code::kProtocolError, "reserved close code");
    if (!is_utf8(found.payload)) return violation(close_code::kBadPayload, "close reason is not UTF-8");
  }
  end_ = Incoming{.kind = Incoming::Kind::kClose,
                  .close_code = found.close_code};  // the reason does not outlive this call
  return found;
}

// One data frame. Empty: the message goes on.
std::optional<Incoming> FrameReader::data(const Header& header, std::string_view payload) {
  const std::uint8_t opcode = header.first & kOpcode;
  const bool begins = opcode != kContinuation;
  const bool ends = (header.first & kFin) != 0;
  if (begins) {
    binary_ = opcode == kBinary;
    compressed_ = (header.first & kRsv1) != 0;
    wire_bytes_ = 0;
  }
  in_message_ = !ends;
  wire_bytes_ += static_cast<std::uint32_t>(payload.size());
  if (compressed_) return inflate(begins, ends, payload);
  if (begins && ends) return message(payload);
  if (begins) assembled_.clear(kKeep);
  assembled_.append(payload);
  if (!ends) return std::nullopt;
  return message(assembled_.view());
}

// Damaged data ends the connection: later messages refer to the window that is broken now.
std::optional<Incoming> FrameReader::inflate(bool begins, bool ends, std::string_view payload) {
  if (begins) inflater_->begin();
  auto status = inflater_->append(payload);
  if (status == Inflater::Status::kOk && ends) status = inflater_->finish();
  if (status == Inflater::Status::kBad) return violation(close_code::kBadPayload, "compressed data is damaged");
  if (status == Inflater::Status::kTooBig) return violation(close_code::kTooBig, "message inflates beyond the bound");
  if (!ends) return std::nullopt;
  return message(inflater_->text());
}

// Text that is not UTF-8 must fail the connection (RFC 6455, 8.1); checked once per message, since a character may be
// split over fragments.
Incoming FrameReader::message(std::string_view text) {
  if (!binary_ && !is_utf8(text)) return violation(close_code::kBadPayload, "text is not UTF-8");
  return {.kind = Incoming::Kind::kMessage,
          .binary = binary_,
          .compressed = compressed_,
          .wire_bytes = wire_bytes_,
          .payload = text};
}

}  // namespace millrace::ingest

#include <simdjson.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/_experimental/test/impl/stream.ipp>
#include <boost/beast/_experimental/test/stream.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/session/frame_reader.h"
#include "ingest/session/upgrade.h"

// Arbitrary bytes after the upgrade. Two oracles:
//  1. the same bytes cut into random pieces give the same messages and the same end;
//  2. Beast's own client, fed with the same bytes, reads the same messages and refuses where we refuse.
// The first input byte chooses compression, the second how to cut.
namespace {

namespace websocket = boost::beast::websocket;
using millrace::ingest::DeflateOptions;
using millrace::ingest::FrameReader;
using millrace::ingest::Incoming;
using Kind = Incoming::Kind;

constexpr std::size_t kBound = 1 << 16;

struct Reading {
  std::vector<std::string> messages;
  std::vector<std::string> others;  // control frames, the end
  Kind end = Kind::kNeedMore;
  int code = 0;

  friend bool operator==(const Reading&, const Reading&) = default;
};

void take_all(FrameReader& reader, Reading& into) {
  for (;;) {
    const Incoming found = reader.next();
    if (found.kind == Kind::kNeedMore) return;
    // Reads the padding, so that the address sanitizer sees it.
    volatile char last =
        found.payload.empty() ? '\0' : found.payload.data()[found.payload.size() + 63 * (found.kind == Kind::kMessage)];
    static_cast<void>(last);
    if (found.kind == Kind::kMessage) {
      into.messages.emplace_back(found.payload);
    } else if (found.kind == Kind::kPing || found.kind == Kind::kPong) {
      into.others.emplace_back(found.payload);
    } else {
      into.end = found.kind;
      into.code = found.close_code;
      return;
    }
  }
}

template <class NextSize>
Reading read(const DeflateOptions& deflate, std::string_view bytes, NextSize next_size) {
  FrameReader reader(kBound);
  reader.use_deflate(deflate);
  Reading reading;
  while (!bytes.empty() && reading.end == Kind::kNeedMore) {
    const auto room = reader.prepare();
    const std::size_t count = std::min({bytes.size(), room.size(), next_size()});
    std::memcpy(room.data(), bytes.data(), count);
    reader.commit(count);
    bytes.remove_prefix(count);
    take_all(reader, reading);
  }
  return reading;
}

struct BeastReading {
  std::vector<std::string> messages;
  boost::system::error_code error;
};

// Beast's client after a handshake whose server is a few lines of text.
class BeastClient {
 public:
  explicit BeastClient(const DeflateOptions& deflate) : client_(context_), server_(context_) {
    client_.next_layer().connect(server_);
    websocket::permessage_deflate options;
    options.client_enable = deflate.enabled;
    client_.set_option(options);
    client_.read_message_max(kBound);
    // The answer depends on the key, so the request is written, answered, and only then read by handshake().
    client_.async_handshake("venue.test", "/", [](boost::system::error_code) {});
    context_.poll();
    const std::string request(server_.str());
    const auto at = request.find("Sec-WebSocket-Key: ") + 19;
    std::string answer =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
        millrace::ingest::websocket_accept(request.substr(at, 24)) + "\r\n";
    if (deflate.enabled) answer += "Sec-WebSocket-Extensions: permessage-deflate";
    if (deflate.enabled && deflate.no_context_takeover) answer += "; server_no_context_takeover";
    if (deflate.enabled) answer += "\r\n";
    boost::asio::write(server_, boost::asio::buffer(answer + "\r\n"));
    context_.restart();
    context_.poll();
    if (!client_.is_open()) std::abort();
  }

  BeastReading read(std::string_view bytes) {
    boost::asio::write(server_, boost::asio::buffer(bytes));
    server_.close();
    BeastReading reading;
    for (;;) {
      boost::beast::flat_buffer buffer;
      client_.read(buffer, reading.error);
      if (reading.error) return reading;
      reading.messages.push_back(boost::beast::buffers_to_string(buffer.data()));
    }
  }

 private:
  boost::asio::io_context context_;
  websocket::stream<boost::beast::test::stream> client_;
  boost::beast::test::stream server_;
};

void require(bool holds) {
  if (!holds) std::abort();
}

// Beast judges UTF-8 as bytes come, we when a message is whole, so that a close frame or the end inside a fragmented
// message may come before our judgement; it takes a text that ends inside a character if the last fragment is empty
// (RFC 6455, 8.1 forbids it); it knows no code 1014; and its inflater differs in what it makes of a final block.
// Everything else must agree.
void compare(const Reading& ours, const BeastReading& beast, bool deflate) {
  const std::size_t common = std::min(ours.messages.size(), beast.messages.size());
  for (std::size_t i = 0; i < common; ++i) require(ours.messages[i] == beast.messages[i]);
  if (deflate) return;
  if (ours.code == millrace::ingest::close_code::kBadPayload && beast.messages.size() > common) {
    const std::string& taken = beast.messages[common];
    return require(!simdjson::validate_utf8(taken.data(), taken.size()));
  }
  require(ours.messages.size() == beast.messages.size());
  const bool beast_goes_on =
      beast.error == boost::asio::error::eof || beast.error == boost::beast::test::error::test_failure;
  if (ours.end == Kind::kViolation) require(!beast_goes_on);
  const bool judged_early = beast.error == websocket::error::bad_frame_payload;
  if (ours.end == Kind::kNeedMore) require(beast_goes_on || judged_early);
  if (ours.end == Kind::kClose) {
    require(beast.error == websocket::error::closed || judged_early || ours.code == 1014);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const DeflateOptions deflate{.enabled = (data[0] & 1) != 0, .no_context_takeover = (data[0] & 2) != 0};
  std::mt19937 random(data[1]);
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const Reading whole = read(deflate, bytes, [&] { return bytes.size(); });
  const Reading pieces = read(deflate, bytes, [&] { return random() % 9 + 1; });
  require(whole == pieces);
  if (bytes.empty()) return 0;
  // We refuse a frame by its first two bytes, Beast when it has the whole header.
  std::string for_beast(bytes);
  if (whole.end == Kind::kViolation) for_beast.append(14, '\0');
  compare(whole, BeastClient(deflate).read(for_beast), deflate.enabled);
  return 0;
}

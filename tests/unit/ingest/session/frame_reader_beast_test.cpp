#include <gmock/gmock.h>

#include <boost/beast/_experimental/test/impl/stream.ipp>
#include <boost/beast/_experimental/test/stream.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/websocket.hpp>
#include <random>

#include "ingest/session/frame_reader.h"
#include "ingest/session/frame_writer.h"
#include "ingest/session/upgrade.h"
#include "tests/unit/ingest/session/server_frames.h"

// The frame reader against Beast's own WebSocket as the server, in memory: what Beast writes, the reader must read, in
// whatever pieces it comes.
namespace millrace::ingest::test {
namespace {

namespace websocket = boost::beast::websocket;
using Kind = Incoming::Kind;

// Beast's server and the bytes that it sent after the upgrade, for which our own Upgrade plays the client.
class BeastPeer {
 public:
  explicit BeastPeer(const websocket::permessage_deflate& deflate) : server_(context_), client_(context_) {
    server_.next_layer().connect(client_);
    server_.set_option(deflate);
    server_.auto_fragment(false);
    SessionSettings settings;
    settings.offer_deflate = deflate.server_enable;
    Upgrade upgrade(*parse_ws_url("wss://venue.test"), settings, "0123456789abcdef");
    boost::asio::write(client_, boost::asio::buffer(upgrade.request()));
    server_.accept();
    std::size_t used = 0;
    EXPECT_EQ(upgrade.feed(take_bytes(), used), Upgrade::Verdict::kAccepted) << upgrade.detail();
    deflate_ = upgrade.deflate();
  }

  websocket::stream<boost::beast::test::stream>& server() { return server_; }
  const DeflateOptions& deflate() const { return deflate_; }
  std::string take_bytes() {
    std::string bytes(client_.str());
    client_.clear();
    return bytes;
  }
  // What Beast reads when the client sends `frame`.
  std::string reads(const std::string& frame) {
    boost::asio::write(client_, boost::asio::buffer(frame));
    boost::beast::flat_buffer buffer;
    server_.read(buffer);
    return boost::beast::buffers_to_string(buffer.data());
  }

 private:
  boost::asio::io_context context_;
  websocket::stream<boost::beast::test::stream> server_;
  boost::beast::test::stream client_;
  DeflateOptions deflate_;
};

websocket::permessage_deflate no_deflate() { return {}; }
websocket::permessage_deflate with_deflate(bool no_context, int window_bits) {
  websocket::permessage_deflate options;
  options.server_enable = true;
  options.server_no_context_takeover = no_context;
  options.server_max_window_bits = window_bits;
  options.msg_size_threshold = 0;
  return options;
}

// Text that compresses, but not to nothing.
std::string some_text(std::mt19937& random, std::size_t size) {
  std::string text;
  while (text.size() < size) text += "{\"price\":" + std::to_string(random() % 1000) + "}";
  return text.substr(0, size);
}

// Lets Beast send messages of every size class, whole and fragmented, with control frames between, and notes what a
// client has to see.
std::vector<Got> send_all(BeastPeer& peer, std::mt19937& random) {
  std::vector<Got> expected;
  for (const std::size_t size : {0u, 1u, 125u, 126u, 400u, 65535u, 65536u, 200'000u}) {
    for (const std::size_t piece : {std::size_t{1} << 30, size / 3 + 1}) {
      const std::string text = some_text(random, size);
      peer.server().binary(random() % 2 == 0);
      std::string_view rest = text;
      for (; rest.size() > piece; rest.remove_prefix(piece)) {
        peer.server().write_some(false, boost::asio::buffer(rest.substr(0, piece)));
        peer.server().ping("p");
        expected.push_back({Kind::kPing, "p"});
      }
      peer.server().write_some(true, boost::asio::buffer(rest));
      expected.push_back({Kind::kMessage, text, peer.server().binary()});
      peer.server().pong("q");
      expected.push_back({Kind::kPong, "q"});
    }
  }
  return expected;
}

class FrameReaderOfBeast : public testing::TestWithParam<websocket::permessage_deflate> {};

TEST_P(FrameReaderOfBeast, ReadsWhatBeastWritesHoweverItIsCut) {
  std::mt19937 random(11);
  BeastPeer peer(GetParam());
  const auto expected = send_all(peer, random);
  const std::string bytes = peer.take_bytes();
  for (const std::size_t longest : {std::size_t{1}, std::size_t{7}, std::size_t{3000}, bytes.size()}) {
    FrameReader reader(1 << 20);
    reader.use_deflate(peer.deflate());
    const auto got = read_in_pieces(reader, bytes, [&] { return random() % longest + 1; });
    ASSERT_EQ(got.size(), expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) ASSERT_TRUE(got[i] == expected[i]) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Plain, FrameReaderOfBeast, testing::Values(no_deflate()));
INSTANTIATE_TEST_SUITE_P(Compressed, FrameReaderOfBeast,
                         testing::Values(with_deflate(false, 15), with_deflate(true, 15), with_deflate(false, 9),
                                         with_deflate(true, 10)));

TEST(FrameWriterToBeast, BeastReadsWhatWeWrite) {
  BeastPeer peer(no_deflate());
  for (const std::size_t size : {0u, 125u, 126u, 65535u, 65536u, 1'000'000u}) {
    const std::string text(size, 'w');
    std::string frame;
    append_text(frame, text, 0xa1b2c3d4);
    EXPECT_EQ(peer.reads(frame), text);
  }
}

TEST(FrameWriterToBeast, BeastUnderstandsOurCloseFrame) {
  BeastPeer peer(no_deflate());
  std::string frame;
  append_close(frame, close_code::kTooBig, "too long for us", 0x01020304);
  EXPECT_THROW(peer.reads(frame), boost::system::system_error);
  EXPECT_EQ(peer.server().reason().code, websocket::close_code::too_big);
  EXPECT_EQ(peer.server().reason().reason, "too long for us");
}

}  // namespace
}  // namespace millrace::ingest::test

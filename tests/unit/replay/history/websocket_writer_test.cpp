#include "replay/history/websocket_writer.h"

#include <gmock/gmock.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <thread>

#include "tests/unit/replay/history/tape.h"

namespace millrace::history {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using test::trade;
using testing::HasSubstr;
using testing::SizeIs;

bool never() { return false; }

// A client that blocks.
class Client {
 public:
  explicit Client(std::uint16_t port) {
    stream_.next_layer().connect({asio::ip::address_v4::loopback(), port});
    stream_.handshake("127.0.0.1", "/");
  }

  // The next frame; empty when the server has closed.
  std::string next() {
    beast::flat_buffer buffer;
    boost::system::error_code error;
    stream_.read(buffer, error);
    closed_normally = error == beast::websocket::error::closed && stream_.reason().code == 1000;
    return error ? std::string{} : beast::buffers_to_string(buffer.data());
  }

  std::vector<std::string> all() {
    std::vector<std::string> frames;
    for (std::string frame = next(); !frame.empty(); frame = next()) frames.push_back(std::move(frame));
    return frames;
  }

  bool closed_normally = false;

 private:
  asio::io_context context_;
  beast::websocket::stream<tcp::socket> stream_{context_};
};

class WebSockets : public testing::Test {
 protected:
  bool write(std::int64_t seq) {
    const auto made = trade({.seq = seq});
    Record record;
    record.stream = &stream;
    record.bytes = made.bytes;
    return server->write(record);
  }

  TopicKind kind{"market.kraken.trade.v1", "kraken", "trade", schemas::MessageType::kTrade};
  Stream stream{.kind = &kind, .owner = "BTC-USD", .selected = true};
  Problems problems{{}};
  std::unique_ptr<WebSocketWriter> server = make_websocket_writer(0, problems, never);
};

TEST_F(WebSockets, EachClientGetsEachRecordAsAFrameAndThenANormalClose) {
  Client one{server->port()};
  ASSERT_TRUE(server->wait_for_client(never));
  std::vector<std::string> got;
  std::thread reader{[&] { got = one.all(); }};
  constexpr std::int64_t kCount = 20'000;  // more than what may wait for a client
  for (std::int64_t seq = 1; seq <= kCount; ++seq) ASSERT_TRUE(write(seq));
  server->finish();
  reader.join();
  ASSERT_THAT(got, SizeIs(kCount));
  EXPECT_THAT(got.front(), HasSubstr(R"("seq":1,)"));
  EXPECT_THAT(got.back(), HasSubstr(R"("seq":20000,)"));
  EXPECT_EQ(got.front().find('\n'), std::string::npos);
  EXPECT_TRUE(one.closed_normally);
}

TEST_F(WebSockets, WhenTheLastClientHasGoneTheReplayEnds) {
  {
    Client one{server->port()};
    ASSERT_TRUE(server->wait_for_client(never));
    ASSERT_TRUE(write(1));
    EXPECT_THAT(one.next(), HasSubstr(R"("seq":1,)"));
  }
  std::int64_t seq = 2;
  while (write(seq)) ++seq;  // until the server has noticed
  SUCCEED();
}

TEST_F(WebSockets, WaitingForAClientEndsWhenItIsToldTo) {
  int asked = 0;
  EXPECT_FALSE(server->wait_for_client([&] { return ++asked == 3; }));
}

TEST_F(WebSockets, APortThatIsTakenIsAnError) {
  EXPECT_THAT([&] { make_websocket_writer(server->port(), problems, never); },
              testing::ThrowsMessage<std::runtime_error>(HasSubstr(std::to_string(server->port()))));
}

}  // namespace
}  // namespace millrace::history

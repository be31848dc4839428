#include <gmock/gmock.h>

#include <mutex>

#include "ingest/session/upgrade.h"
#include "tests/unit/ingest/session/beast_server.h"
#include "tests/unit/ingest/session/owner.h"

// A session against a real TLS WebSocket server: what works when nothing fails.
namespace millrace::ingest::test {
namespace {

using testing::ElementsAre;
using State = SessionState;

class LiveSession : public testing::Test {
 protected:
  Certificates certificates_{"venue.test"};

  BeastServer server(BeastServer::Script script, ServerOptions options = {}) {
    options.certificates = &certificates_;
    return BeastServer(options, std::move(script));
  }
  SessionSettings settings(const BeastServer& server) const {
    return local_settings(server.url("venue.test", "/ws?x=1"), certificates_.ca());
  }
};

std::vector<State> states(const Owner& owner) {
  std::vector<State> all;
  for (const auto& change : owner.changes) all.push_back(change.state);
  return all;
}

TEST_F(LiveSession, ComesUpReceivesAndStops) {
  const auto venue = server([](Peer& peer, int) {
    peer.accept();
    peer.send("one");
    peer.send("two");
    peer.wait_for_end();
  });
  Owner owner(settings(venue));
  ASSERT_TRUE(owner.run_until_frames(2));
  EXPECT_THAT(owner.frames, ElementsAre("one", "two"));
  EXPECT_GE(owner.drained, 1);
  owner.session.stop();
  ASSERT_TRUE(owner.run_until_state(State::kDisconnected));
  EXPECT_THAT(states(owner), ElementsAre(State::kConnecting, State::kSubscribing, State::kLive, State::kDisconnected));
  EXPECT_THAT(owner.closed, ElementsAre(Reason::kStopped));
  EXPECT_EQ(owner.session.stats().messages, 2);
  EXPECT_EQ(owner.session.stats().connects, 1);
}

TEST_F(LiveSession, RequestNamesHostTargetAndHeaders) {
  std::string request;
  std::mutex mutex;
  const auto venue = server([&](Peer& peer, int) {
    const std::lock_guard lock(mutex);
    request = peer.read_request();
  });
  auto wanted = settings(venue);
  wanted.headers = {"X-Venue: yes"};
  Owner owner(wanted);
  ASSERT_TRUE(owner.run_until_state(State::kBackingOff));
  const std::lock_guard lock(mutex);
  EXPECT_THAT(request, testing::StartsWith("GET /ws?x=1 HTTP/1.1\r\n"));
  EXPECT_THAT(request, testing::HasSubstr("Host: venue.test:" + std::to_string(venue.port())));
  EXPECT_THAT(request, testing::HasSubstr("X-Venue: yes\r\n"));
  EXPECT_THAT(request, testing::HasSubstr("permessage-deflate"));
}

TEST_F(LiveSession, SentTextsArriveInOrder) {
  const auto venue = server([](Peer& peer, int) {
    peer.accept();
    for (int i = 0; i < 3; ++i) peer.send("echo " + peer.read());
    peer.wait_for_end();
  });
  Owner owner(settings(venue));
  owner.when_open = [&] {
    for (const char* text : {"a", "b"}) EXPECT_TRUE(owner.session.send(text));
    EXPECT_TRUE(owner.session.send(std::string(200'000, 'c')));  // more than the socket takes at once
  };
  ASSERT_TRUE(owner.run_until_frames(3));
  EXPECT_THAT(owner.frames, ElementsAre("echo a", "echo b", "echo " + std::string(200'000, 'c')));
  EXPECT_EQ(owner.session.stats().messages_sent, 3);
}

TEST_F(LiveSession, MessageRateOfTheVenueDelaysTextsAndAFullQueueSaysNo) {
  const auto venue = server([](Peer& peer, int) {
    peer.accept();
    peer.wait_for_end();
  });
  auto wanted = settings(venue);
  wanted.limits.messages_per_second = 2;
  wanted.send_queue_messages = 3;
  Owner owner(wanted);
  EXPECT_FALSE(owner.session.send("too early"));
  ASSERT_TRUE(owner.run_until_state(State::kSubscribing));
  int accepted = 0;
  for (int i = 0; i < 10; ++i) accepted += owner.session.send("x");
  EXPECT_EQ(accepted, 2 + 3);
  EXPECT_EQ(owner.session.stats().messages_sent, 2);
  EXPECT_EQ(owner.session.stats().send_queue, 3);
  EXPECT_EQ(owner.session.stats().sends_refused, 1 + 5);
  ASSERT_TRUE(owner.run_until([&] { return owner.session.stats().messages_sent == 5; }));
}

TEST_F(LiveSession, PingsAreAnsweredAndOursAreTimed) {
  const auto venue = server([](Peer& peer, int) {
    peer.accept();
    peer.ping("are you there");
    peer.wait_for_end();
  });
  auto wanted = settings(venue);
  wanted.limits.ping_interval_ns = 5'000'000;
  Owner owner(wanted);
  ASSERT_TRUE(owner.run_until([&] {
    const auto& stats = owner.session.stats();
    return stats.pings_received == 1 && stats.pongs_received >= 2 && stats.rtt_ns > 0;
  }));
  EXPECT_GE(owner.alive, 3);
}

TEST_F(LiveSession, FloodOfPingsIsAnsweredWithinTheVenuesMessageRate) {
  const auto venue = server([](Peer& peer, int) {
    peer.accept();
    for (int i = 0; i < 50; ++i) peer.ping("ping");
    peer.send("after the flood");
    peer.wait_for_end();
  });
  auto wanted = settings(venue);
  wanted.limits.messages_per_second = 2;
  const auto start = std::chrono::steady_clock::now();
  Owner owner(wanted);
  ASSERT_TRUE(owner.run_until_frames(1));
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(std::chrono::steady_clock::now() - start).count();
  const SessionStats& stats = owner.session.stats();
  EXPECT_EQ(stats.pings_received, 50);
  EXPECT_GE(stats.pongs_sent, 1);
  EXPECT_LE(stats.pongs_sent, 2 * (seconds + 1));
}

TEST_F(LiveSession, TextPingIsSentWhereTheVenueWantsOne) {
  const auto venue = server([](Peer& peer, int) {
    peer.accept();
    for (;;) peer.send("saw " + peer.read());
  });
  auto wanted = settings(venue);
  wanted.limits.ping_interval_ns = 5'000'000;
  wanted.ping_text = R"({"method":"ping"})";
  Owner owner(wanted);
  ASSERT_TRUE(owner.run_until_frames(2));
  EXPECT_EQ(owner.frames[0], R"(saw {"method":"ping"})");
}

TEST_F(LiveSession, CompressedAndFragmentedMessagesComeOutWhole) {
  for (const bool no_context : {false, true}) {
    const std::string text(5000, 'z');
    const auto venue = server(
        [&text](Peer& peer, int) {
          peer.accept();
          for (int i = 0; i < 3; ++i) peer.send(text);
          peer.send_fragments(text, 700);
          peer.wait_for_end();
        },
        {.deflate = true, .no_context_takeover = no_context, .window_bits = no_context ? 10 : 15});
    Owner owner(settings(venue));
    ASSERT_TRUE(owner.run_until_frames(4));
    EXPECT_THAT(owner.frames, ElementsAre(text, text, text, text));
    EXPECT_EQ(owner.session.stats().inflated_bytes, 20'000);
    EXPECT_LT(owner.session.stats().compressed_bytes, 2'000);
  }
}

TEST_F(LiveSession, FramesThatComeWithTheHttpAnswerAreNotLost) {
  const auto venue = server([](Peer& peer, int) {
    const std::string request = peer.read_request();
    const auto at = request.find("Sec-WebSocket-Key: ") + 19;
    peer.write_raw(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: " +
        websocket_accept(request.substr(at, 24)) + "\r\n\r\n\x81\x05hello");
    peer.wait_for_end();
  });
  Owner owner(settings(venue));
  ASSERT_TRUE(owner.run_until_frames(1));
  EXPECT_THAT(owner.frames, ElementsAre("hello"));
}

TEST_F(LiveSession, ReconnectResumesTls) {
  std::atomic<int> resumed{0};
  const auto venue = server([&](Peer& peer, int) {
    peer.accept();
    resumed += peer.resumed();
    peer.send("up");
    peer.wait_for_end();
  });
  Owner owner(settings(venue));
  for (std::size_t connection = 1; connection <= 3; ++connection) {
    ASSERT_TRUE(owner.run_until_frames(connection));
    if (connection < 3) owner.session.reconnect("test");
  }
  EXPECT_EQ(resumed, 2);
  EXPECT_EQ(owner.session.stats().tls_resumed, 2);
  EXPECT_THAT(owner.closed, ElementsAre(Reason::kRequested, Reason::kRequested));
}

TEST_F(LiveSession, StartWorksAgainAfterStop) {
  const auto venue = server([](Peer& peer, int) {
    peer.accept();
    peer.send("up");
    peer.wait_for_end();
  });
  Owner owner(settings(venue));
  ASSERT_TRUE(owner.run_until_frames(1));
  owner.session.stop();
  ASSERT_TRUE(owner.run_until_state(State::kDisconnected));
  owner.session.start();
  ASSERT_TRUE(owner.run_until_frames(2));
}

TEST_F(LiveSession, StopAndReconnectInsideACallbackHandOutNoFurtherFrame) {
  const auto venue = server([](Peer& peer, int number) {
    peer.accept();
    for (int i = 0; i < 50; ++i) peer.send("frame of connection " + std::to_string(number));
    peer.wait_for_end();
  });
  Owner owner(settings(venue));
  owner.when_frame = [&](const normalize::Frame&) {
    if (owner.opened == 1) return owner.session.reconnect("in the middle");
    owner.session.stop();
  };
  ASSERT_TRUE(owner.run_until_state(State::kDisconnected));
  EXPECT_THAT(owner.frames, ElementsAre("frame of connection 0", "frame of connection 1"));
}

TEST_F(LiveSession, DestroyedSessionCallsNobody) {
  const auto venue = server([](Peer& peer, int) {
    peer.accept();
    for (;;) peer.send("flood");
  });
  struct : SessionListener {
    void on_state(const StateChange&) override { ++calls; }
    void on_open(UnixNanos) override { ++calls; }
    void on_frame(const normalize::Frame&) override { ++calls; }
    void on_drained() override { ++calls; }
    void on_alive(UnixNanos) override { ++calls; }
    void on_closed(Reason, std::string_view, UnixNanos) override { ++calls; }
    int calls = 0;
  } listener;
  boost::asio::io_context context;
  auto session = std::make_unique<Session>(context, settings(venue), listener);
  session->start();
  while (listener.calls < 20) ASSERT_GT(context.run_one_for(std::chrono::seconds(30)), 0u);
  session.reset();
  const int before = listener.calls;
  context.run();  // ends, because nothing is left to wait for
  EXPECT_EQ(listener.calls, before);
}

TEST_F(LiveSession, IpAddressInTheCertificateIsAccepted) {
  const Certificates certificates("127.0.0.1");
  const BeastServer venue({.certificates = &certificates}, [](Peer& peer, int) {
    peer.accept();
    peer.send("up");
    peer.wait_for_end();
  });
  Owner owner(venue.url("127.0.0.1"), certificates.ca());
  ASSERT_TRUE(owner.run_until_frames(1));
}

TEST_F(LiveSession, PlainConnectionWorksWhenAllowed) {
  const BeastServer venue({}, [](Peer& peer, int) {
    peer.accept();
    peer.send("up");
    peer.wait_for_end();
  });
  auto wanted = local_settings("ws://127.0.0.1:" + std::to_string(venue.port()), "");
  wanted.allow_plain = true;
  Owner owner(wanted);
  ASSERT_TRUE(owner.run_until_frames(1));
}

}  // namespace
}  // namespace millrace::ingest::test

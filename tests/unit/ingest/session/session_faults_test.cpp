#include <gmock/gmock.h>

#include <thread>

#include "ingest/session/connect_budget.h"
#include "ingest/session/upgrade.h"
#include "tests/unit/ingest/session/beast_server.h"
#include "tests/unit/ingest/session/owner.h"

// A session against a real TLS WebSocket server that misbehaves, one way per test. Where the session is to come back,
// the second connection of the script behaves.
namespace millrace::ingest::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using State = SessionState;

void behave(Peer& peer) {
  peer.accept();
  peer.send("well");
  peer.wait_for_end();
}

class FaultySession : public testing::Test {
 protected:
  Certificates certificates_{"venue.test"};

  BeastServer server(BeastServer::Script script, ServerOptions options = {}) {
    options.certificates = &certificates_;
    return BeastServer(options, std::move(script));
  }
  SessionSettings settings(const BeastServer& server) const {
    return local_settings(server.url("venue.test"), certificates_.ca());
  }

  // Runs `fault` on the first connection; the session must drop it for `reason` and come up again.
  Owner::Change survive(std::function<void(Peer&)> fault, const std::function<void(SessionSettings&)>& change = {}) {
    const auto venue = server([&](Peer& peer, int number) { number == 0 ? fault(peer) : behave(peer); });
    auto wanted = settings(venue);
    if (change) change(wanted);
    Owner owner(wanted);
    owner.when_frame = [&owner](const normalize::Frame&) { static_cast<void>(owner.session.send("seen")); };
    EXPECT_TRUE(owner.run_until([&] { return !owner.frames.empty() && owner.frames.back() == "well"; }));
    return owner.first_trouble();
  }

  // The certificate or handshake is refused: the session waits for a long time and says why.
  Owner::Change refuse(const ServerOptions& options, const std::string& host, const std::string& ca_file) {
    const BeastServer venue(options, [](Peer& peer, int) { behave(peer); });
    Owner owner(venue.url(host), ca_file);
    EXPECT_TRUE(owner.run_until_state(State::kBackingOff));
    EXPECT_EQ(owner.opened, 0);
    return owner.first_trouble();
  }
};

TEST_F(FaultySession, WrongHostNameIsRefused) {
  const auto change = refuse({.certificates = &certificates_}, "other.test", certificates_.ca());
  EXPECT_EQ(change.reason, Reason::kUntrusted);
  EXPECT_THAT(change.detail, HasSubstr("other.test"));
  EXPECT_GE(change.wait_ns, 30'000'000'000);
}

TEST_F(FaultySession, UnknownAuthorityIsRefused) {
  const Certificates others("venue.test");
  EXPECT_EQ(refuse({.certificates = &certificates_}, "venue.test", others.ca()).reason, Reason::kUntrusted);
}

TEST_F(FaultySession, SystemAuthoritiesDoNotKnowOurTestServer) {
  EXPECT_EQ(refuse({.certificates = &certificates_}, "venue.test", "").reason, Reason::kUntrusted);
}

TEST_F(FaultySession, ExpiredCertificateIsRefused) {
  const Certificates old("venue.test", true);
  const auto change = refuse({.certificates = &old}, "venue.test", old.ca());
  EXPECT_EQ(change.reason, Reason::kUntrusted);
  EXPECT_THAT(change.detail, HasSubstr("expired"));
}

TEST_F(FaultySession, OldTlsIsRefused) {
  const auto change = refuse({.certificates = &certificates_, .tls11_only = true}, "venue.test", certificates_.ca());
  EXPECT_EQ(change.reason, Reason::kTls);
}

TEST_F(FaultySession, NobodyListening) {
  std::string url;
  {
    const auto gone = server([](Peer&, int) {});
    url = gone.url("venue.test");
  }
  Owner owner(url, certificates_.ca());
  ASSERT_TRUE(owner.run_until_state(State::kBackingOff));
  EXPECT_EQ(owner.first_trouble().reason, Reason::kConnect);
  EXPECT_THAT(owner.first_trouble().detail, HasSubstr("127.0.0.1 port"));
}

TEST_F(FaultySession, NextAddressIsTriedWhenTheFirstDoesNotAnswer) {
  const auto venue = server([](Peer& peer, int) { behave(peer); });
  auto wanted = settings(venue);
  wanted.resolve_override = {"127.9.9.9", "127.0.0.1"};
  Owner owner(wanted);
  ASSERT_TRUE(owner.run_until_frames(1));
  EXPECT_EQ(owner.session.stats().attempts, 2);
  EXPECT_EQ(owner.first_trouble().reason, Reason::kNone);
}

TEST_F(FaultySession, SilenceInTheTlsHandshake) {
  const auto change =
      survive([](Peer& peer) { peer.wait_for_end(); }, [](auto& all) { all.deadlines.handshake = 20ms; });
  EXPECT_EQ(change.reason, Reason::kTls);
}

TEST_F(FaultySession, SilenceInTheUpgrade) {
  const auto silent = [](Peer& peer) {
    peer.read_request();
    peer.wait_for_end();
  };
  EXPECT_EQ(survive(silent, [](auto& all) { all.deadlines.upgrade = 20ms; }).reason, Reason::kUpgrade);
}

TEST_F(FaultySession, AnswerThatIsNotHttp) {
  const auto change = survive([](Peer& peer) {
    peer.read_request();
    peer.write_raw("SSH-2.0-OpenSSH_9.2\r\n\r\n");
  });
  EXPECT_EQ(change.reason, Reason::kUpgrade);
}

TEST_F(FaultySession, EndlessHttpHeaderIsCutOff) {
  const auto change = survive([](Peer& peer) {
    peer.read_request();
    peer.write_raw("HTTP/1.1 101 Switching Protocols\r\n");
    for (;;) peer.write_raw("X-More: " + std::string(1000, 'x') + "\r\n");
  });
  EXPECT_EQ(change.reason, Reason::kUpgrade);
}

TEST_F(FaultySession, WrongAcceptKeyIsRefused) {
  const auto change = survive([](Peer& peer) {
    peer.read_request();
    peer.write_raw(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: AAAA\r\n\r\n");
    peer.wait_for_end();
  });
  EXPECT_EQ(change.reason, Reason::kUpgrade);
  EXPECT_THAT(change.detail, HasSubstr("Sec-WebSocket-Accept"));
}

TEST_F(FaultySession, RefusalsOfTheUpgradeSayHowLongToWait) {
  struct Case {
    std::string answer;
    Reason reason;
    std::int64_t wait_s;
    bool limited;
    std::string detail;
  };
  const std::vector<Case> cases = {
      {"429 Too Many Requests\r\nRetry-After: 77", Reason::kLimited, 77, true, "429"},
      {"418 I'm a teapot", Reason::kLimited, 30, true, "418"},
      {"503 Service Unavailable\r\nRetry-After: 9", Reason::kServerError, 9, false, "503"},
      {"301 Moved Permanently\r\nLocation: https://else.test/", Reason::kRedirected, 30, false, "https://else.test/"},
      {"401 Unauthorized", Reason::kUnauthorized, 30, false, "401"},
  };
  for (const auto& expected : cases) {
    const auto venue = server([&](Peer& peer, int) {
      peer.read_request();
      peer.write_raw("HTTP/1.1 " + expected.answer + "\r\nContent-Length: 0\r\n\r\n");
      peer.wait_for_end();
    });
    Owner owner(settings(venue));
    ASSERT_TRUE(owner.run_until_state(State::kBackingOff)) << expected.answer;
    const auto change = owner.first_trouble();
    EXPECT_EQ(change.reason, expected.reason) << expected.answer;
    EXPECT_EQ(change.wait_ns, expected.wait_s * 1'000'000'000) << expected.answer;
    EXPECT_EQ(change.host_limited, expected.limited) << expected.answer;
    EXPECT_THAT(change.detail, HasSubstr(expected.detail));
  }
}

TEST_F(FaultySession, CloseCodesAreAnsweredAndNamed) {
  for (const int code : {1000, 1001, 1011, 4000}) {
    int answered = 0;
    const auto change = survive([&](Peer& peer) {
      peer.accept();
      peer.close(code);
      answered = peer.client_close_code();
    });
    EXPECT_EQ(change.reason, Reason::kClosed) << code;
    EXPECT_THAT(change.detail, HasSubstr("close " + std::to_string(code)));
    EXPECT_EQ(answered, code);
  }
}

TEST_F(FaultySession, RestartAndPolicyCloseCodesAreWaitedFor) {
  for (const auto& [code, least] : {std::pair{1012, 1s}, {1013, 1s}, {1008, 30s}}) {
    const auto venue = server([code = code](Peer& peer, int) {
      peer.accept();
      peer.close(code);
    });
    Owner owner(settings(venue));
    ASSERT_TRUE(owner.run_until_state(State::kBackingOff));
    EXPECT_GE(owner.first_trouble().wait_ns, Nanos(least).count()) << code;
  }
}

TEST_F(FaultySession, ResetInTheMiddleOfAFrame) {
  const auto change = survive([](Peer& peer) {
    peer.accept();
    peer.send("first");
    peer.read();  // the client has seen it
    peer.write_raw("\x81\x7e\x10");
    peer.reset();
  });
  EXPECT_THAT(change.reason, testing::AnyOf(Reason::kReset, Reason::kEof));
}

TEST_F(FaultySession, EndWithoutACloseFrame) {
  EXPECT_EQ(survive([](Peer& peer) { peer.accept(); }).reason, Reason::kEof);
}

TEST_F(FaultySession, OpenButWithoutAnyData) {
  const auto change = survive(
      [](Peer& peer) {
        peer.accept();
        peer.wait_for_end();
      },
      [](auto& all) { all.deadlines.first_data = 20ms; });
  EXPECT_EQ(change.reason, Reason::kNoData);
}

TEST_F(FaultySession, SilenceAfterTheFirstData) {
  const auto fault = [](Peer& peer) {
    peer.accept();
    peer.send("first");
    peer.wait_for_end();
  };
  EXPECT_EQ(survive(fault, [](auto& all) { all.limits.silence_ns = 20'000'000; }).reason, Reason::kSilent);
}

TEST_F(FaultySession, SlowDripOfOneFrameIsSilence) {
  const auto fault = [](Peer& peer) {
    peer.accept();
    peer.write_raw("\x81\x7e\xff\xff");
    for (;;) {
      peer.write_raw("x");
      std::this_thread::yield();
    }
  };
  EXPECT_THAT(survive(fault, [](auto& all) { all.limits.silence_ns = 20'000'000; }).reason,
              testing::AnyOf(Reason::kSilent));
}

TEST_F(FaultySession, PeerThatAnswersNoPingIsHalfOpen) {
  const auto fault = [](Peer& peer) {
    peer.accept();
    for (;;) {  // data still comes, but nothing of ours arrives
      peer.send("data");
      std::this_thread::yield();
    }
  };
  const auto change = survive(fault, [](auto& all) {
    all.limits.ping_interval_ns = 5'000'000;
    all.deadlines.pong = 20ms;
  });
  EXPECT_EQ(change.reason, Reason::kHalfOpen);
}

TEST_F(FaultySession, HugeFrameIsClosedWithTooBig) {
  int code = 0;
  const auto change = survive(
      [&](Peer& peer) {
        peer.accept();
        peer.write_raw(std::string("\x81\x7f\0\0\0\0\x10\0\0\0", 10));
        peer.wait_for_end();
        code = peer.client_close_code();
      },
      [](auto& all) { all.max_message_bytes = 1000; });
  EXPECT_EQ(change.reason, Reason::kTooBig);
  EXPECT_EQ(code, 1009);
}

TEST_F(FaultySession, BrokenFramesAreClosedWithTheCodeOfTheRule) {
  for (const auto& [bytes, expected] :
       {std::pair{std::string("\x83\x01x"), 1002}, {std::string("\x81\x02\xc3\x28"), 1007}}) {
    int code = 0;
    const auto change = survive([&, bytes = bytes](Peer& peer) {
      peer.accept();
      peer.write_raw(bytes);
      peer.wait_for_end();
      code = peer.client_close_code();
    });
    EXPECT_EQ(change.reason, Reason::kProtocol);
    EXPECT_EQ(code, expected);
  }
}

TEST_F(FaultySession, ConnectRateIsSharedBySessionsAndWaitedFor) {
  const auto venue = server([](Peer& peer, int) { behave(peer); });
  auto wanted = settings(venue);
  wanted.connect_budget = std::make_shared<ConnectBudget>(1, 600s);
  Owner first(wanted), second(wanted);
  ASSERT_TRUE(first.run_until_frames(1));
  ASSERT_TRUE(second.run_until_state(State::kBackingOff));
  EXPECT_EQ(second.first_trouble().reason, Reason::kBudget);
  EXPECT_GT(second.first_trouble().wait_ns, 500'000'000'000);
}

TEST_F(FaultySession, StopEndsEvenIfThePeerDoesNotAnswer) {
  const auto venue = server([](Peer& peer, int) {
    peer.accept();
    peer.send("up");
    for (;;) peer.write_raw(std::string("\x89\x00", 2));  // pings for ever, never reads
  });
  auto wanted = settings(venue);
  wanted.deadlines.close = 20ms;
  Owner owner(wanted);
  ASSERT_TRUE(owner.run_until_frames(1));
  owner.session.stop();
  ASSERT_TRUE(owner.run_until_state(State::kDisconnected));
  EXPECT_THAT(owner.closed, ElementsAre(Reason::kStopped));
}

TEST_F(FaultySession, StopWorksInEveryStep) {
  for (const int step : {0, 1, 2}) {
    const auto venue = server([step](Peer& peer, int) {
      if (step >= 1) peer.read_request();
      if (step >= 2) peer.write_raw("HTTP/1.1 503 No\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n");
      peer.wait_for_end();
    });
    Owner owner(settings(venue));
    ASSERT_TRUE(owner.run_until_state(step == 2 ? State::kBackingOff : State::kConnecting));
    owner.session.stop();
    ASSERT_TRUE(owner.run_until_state(State::kDisconnected)) << step;
    EXPECT_EQ(owner.opened, 0);
  }
}

TEST_F(FaultySession, SettingsThatCannotWorkAreRefusedAtOnce) {
  EXPECT_THROW(Owner("https://venue.test", ""), std::invalid_argument);
  EXPECT_THROW(Owner("wss://venue.test", "/nonexistent.pem"), std::invalid_argument);
}

}  // namespace
}  // namespace millrace::ingest::test

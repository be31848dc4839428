#include <gmock/gmock.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <future>
#include <memory>

#include "ingest/session/connect_budget.h"
#include "ingest/session/resolver.h"
#include "ingest/session/send_queue.h"
#include "ingest/session/session_settings.h"
#include "ingest/session/url.h"
#include "ingest/session/watchdog.h"

// The small pure parts of a session, and the resolver.
namespace millrace::ingest {
namespace {

using namespace std::chrono_literals;

TEST(WsUrl, PartsAreReadWithTheirDefaults) {
  const auto url = parse_ws_url("wss://stream.example.com/ws/btcusdt@trade?x=1");
  ASSERT_TRUE(url);
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->host, "stream.example.com");
  EXPECT_EQ(url->port, 443);
  EXPECT_EQ(url->target, "/ws/btcusdt@trade?x=1");
  EXPECT_EQ(url->authority(), "stream.example.com");
  EXPECT_FALSE(url->is_address);
}

TEST(WsUrl, AddressesAndPortsAreRead) {
  const auto v6 = parse_ws_url("ws://[::1]:8080");
  ASSERT_TRUE(v6);
  EXPECT_FALSE(v6->tls);
  EXPECT_EQ(v6->host, "::1");
  EXPECT_EQ(v6->authority(), "[::1]:8080");
  EXPECT_EQ(v6->target, "/");
  EXPECT_TRUE(v6->is_address);
  EXPECT_EQ(parse_ws_url("wss://h?a=b")->target, "/?a=b");
}

TEST(WsUrl, WhatIsNoWebSocketAddressIsRefused) {
  for (const char* text :
       {"", "https://a", "wss://", "wss://:443", "wss://a:", "wss://a:0", "wss://a:70000", "wss://a:b", "wss://user@a",
        "wss://a/b#c", "wss://a/\r\nX: y", "wss://[::1", "wss://[::1]x", "wss://a b"}) {
    EXPECT_FALSE(parse_ws_url(text)) << text;
  }
}

TEST(SessionSettings, CheckNamesWhatIsWrong) {
  EXPECT_THAT(check({.url = "http://x"}), testing::HasSubstr("not a WebSocket address"));
  EXPECT_THAT(check({.url = "ws://127.0.0.1"}), testing::HasSubstr("not encrypted"));
  EXPECT_THAT(check({.url = "wss://a", .ca_file = "/nonexistent.pem"}), testing::HasSubstr("/nonexistent.pem"));
  EXPECT_THAT(check({.url = "wss://a", .resolve_override = {"localhost"}}), testing::HasSubstr("not an IP address"));
  const std::string secret = check({.url = "wss://a", .headers = {"X-Key: a\r\nb"}});
  EXPECT_THAT(secret, testing::HasSubstr("not a header line"));
  EXPECT_THAT(secret, testing::Not(testing::HasSubstr("a\r"))) << "a header may hold a secret";
  EXPECT_EQ(check({.url = "wss://a", .headers = {"X-Key: v"}}), "");
}

TEST(RateWindow, NoMoreThanTheLimitPassInAnyWindow) {
  RateWindow window(3, 1s);
  EXPECT_EQ(window.take(0ms), 0ns);
  EXPECT_EQ(window.take(500ms), 0ns);
  EXPECT_EQ(window.take(900ms), 0ns);
  EXPECT_EQ(window.take(950ms), 50ms);
  EXPECT_EQ(window.take(1000ms), 0ns);
  EXPECT_EQ(window.take(1001ms), 499ms);
}

TEST(RateWindow, WithoutLimitNothingWaits) {
  RateWindow window(0, 1s);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(window.take(0ms), 0ns);
}

TEST(SendQueue, FullIsAnAnswerByCountAndByBytes) {
  SendQueue queue(2, 10);
  EXPECT_TRUE(queue.push("12345"));
  EXPECT_FALSE(queue.push("123456"));
  EXPECT_TRUE(queue.push("12345"));
  EXPECT_FALSE(queue.push(""));
  queue.pop();
  EXPECT_TRUE(queue.push("1234"));
  EXPECT_EQ(queue.front(), "12345");
}

TEST(Watchdog, EachLimitIsToldOnceItIsOver) {
  using Due = Watchdog::Due;
  Watchdog dog({.first_data = 5s, .silence = 10s, .ping_interval = 3s, .pong = 2s, .stable = 4s});
  dog.opened(100s);
  EXPECT_EQ(dog.next(), 103s);
  EXPECT_EQ(dog.check(102s), Due::kNothing);
  EXPECT_EQ(dog.check(103s), Due::kPing);
  dog.awaits_pong(103s);
  EXPECT_EQ(dog.check(104s), Due::kStable);
  EXPECT_EQ(dog.check(105s), Due::kNoData);
  dog.got_message();
  EXPECT_EQ(dog.check(105s), Due::kHalfOpen);
  dog.got_pong();
  EXPECT_EQ(dog.check(105s), Due::kNothing);
  dog.heard(105s);
  EXPECT_EQ(dog.check(114s), Due::kPing);
  EXPECT_EQ(dog.check(115s), Due::kSilent);
}

TEST(Watchdog, ABusyConnectionThatOnlyAnswersPingsIsOver) {
  Watchdog dog({.silence = 40s, .busy_silence = 30s});
  const auto message_at = [&](std::chrono::seconds now) {
    dog.heard(now);
    dog.got_message();
  };
  dog.opened(100s);
  for (int second = 1; second <= 24; ++second) message_at(100s + std::chrono::seconds(second));
  dog.heard(150s);  // a pong
  EXPECT_EQ(dog.next(), 154s);
  EXPECT_EQ(dog.check(153s), Watchdog::Due::kNothing);
  EXPECT_EQ(dog.check(154s), Watchdog::Due::kStalled);
  message_at(154s);
  EXPECT_EQ(dog.check(154s), Watchdog::Due::kNothing);
}

TEST(Watchdog, TheConnectionAfterABusyOneIsHeldToItOnce) {
  Watchdog dog({.busy_silence = 30s});
  dog.opened(100s);
  for (int second = 0; second < 24; ++second) {
    dog.heard(100s + std::chrono::seconds(second));
    dog.got_message();
  }
  dog.opened(500s);
  dog.heard(501s);
  dog.got_message();
  EXPECT_EQ(dog.check(530s), Watchdog::Due::kNothing);
  EXPECT_EQ(dog.check(531s), Watchdog::Due::kStalled);
  dog.opened(600s);
  EXPECT_EQ(dog.next(), Watchdog::kNever);
}

TEST(Watchdog, AQuietConnectionMaySayNothing) {
  Watchdog dog({.busy_silence = 30s});
  dog.opened(100s);
  for (int second = 0; second < 200; second += 2) {
    dog.heard(100s + std::chrono::seconds(second));
    dog.got_message();
    dog.got_message();
  }
  EXPECT_EQ(dog.next(), Watchdog::kNever);
  EXPECT_EQ(dog.check(10'000s), Watchdog::Due::kNothing);
}

TEST(Watchdog, LimitsOfZeroAreNotWatched) {
  Watchdog dog({});
  dog.opened(1s);
  EXPECT_EQ(dog.next(), Watchdog::kNever);
  EXPECT_EQ(dog.check(1'000'000s), Watchdog::Due::kNothing);
}

TEST(Resolver, KnownNameIsAnsweredWithoutAskingAgain) {
  const Addresses home = {boost::asio::ip::make_address("192.0.2.1")};
  auto asked = std::make_shared<std::atomic<int>>(0);
  Resolver resolver([asked, home](const std::string&) {
    ++*asked;
    return home;
  });
  boost::asio::io_context context;
  const auto guard = boost::asio::make_work_guard(context);
  for (int i = 0; i < 3; ++i) {
    Addresses found;
    const auto lookup = resolver.resolve(context, "venue.test", [&](const Addresses& all) { found = all; });
    while (found.empty() && context.run_one_for(10s) > 0) continue;
    EXPECT_EQ(found, home);
  }
  EXPECT_EQ(*asked, 1);
}

TEST(Resolver, AfterDistrustTheNameIsAskedAgain) {
  auto asked = std::make_shared<std::atomic<int>>(0);
  Resolver resolver([asked](const std::string&) -> Addresses {
    return {boost::asio::ip::address_v4(static_cast<unsigned>(++*asked))};
  });
  boost::asio::io_context context;
  const auto guard = boost::asio::make_work_guard(context);
  for (unsigned expected = 1; expected <= 2; ++expected) {
    Addresses found;
    const auto lookup = resolver.resolve(context, "venue.test", [&](const Addresses& all) { found = all; });
    while (found.empty() && context.run_one_for(10s) > 0) continue;
    EXPECT_EQ(found, Addresses{boost::asio::ip::address_v4(expected)});
    resolver.distrust("venue.test");
  }
}

TEST(Resolver, CancelledLookupNeverCallsBack) {
  auto release = std::make_shared<std::promise<void>>();
  auto answered = std::make_shared<std::promise<void>>();
  Resolver resolver([release, answered](const std::string& host) -> Addresses {
    if (host == "first") release->get_future().wait();
    if (host == "second") answered->set_value();
    return {};
  });
  boost::asio::io_context context;
  bool called = false;
  {
    const auto lookup = resolver.resolve(context, "first", [&](const Addresses&) { called = true; });
  }
  release->set_value();
  const auto second = resolver.resolve(context, "second", [](const Addresses&) {});
  answered->get_future().wait();  // so the first question is answered, too
  context.poll();
  EXPECT_FALSE(called);
}

}  // namespace
}  // namespace millrace::ingest

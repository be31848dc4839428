// The whole simulator over TLS on loopback.
#include "tests/sim/simulator.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/unit/sim/support.h"
#include "tests/unit/sim/test_client.h"

namespace millrace::sim {
namespace {

using testing::HasSubstr;

class SimServer : public testing::Test {
 protected:
  ~SimServer() override {
    if (simulator_) simulator_->stop();
  }

  void start(const SimulatorOptions& options) {
    simulator_ = std::make_unique<Simulator>(options);
    thread_ = std::jthread([this] { simulator_->run(); });
    const std::string line = simulator_->description();
    ca_file_ = text_after(line, "ca_file");
    control_ = text_after(line, "control");
    const auto venue = std::string_view(line).substr(line.find("\"" + options.venues.front() + "\""));
    ws_url_ = text_after(venue, "ws_url");
    rest_url_ = text_after(venue, "rest_url");
  }
  static SimulatorOptions only(const std::string& venue) {
    SimulatorOptions options;
    options.venues = {venue};
    options.instruments = 2;
    options.levels = 50;
    options.rate = 2000;
    return options;
  }
  // A client of Binance spot that gets the book of one symbol.
  TestClient client(bool deflate = false) {
    return TestClient(ws_url_ + "/stream?streams=btcusdt@depth@100ms", ca_file_, deflate);
  }
  std::string log() { return request(control_, "", "GET", "/log").body; }
  void order(const std::string& fault) {
    ASSERT_EQ(request(control_, "", "POST", "/fault", fault).status, 200) << fault;
  }

  std::unique_ptr<Simulator> simulator_;
  std::jthread thread_;
  std::string ca_file_, control_, ws_url_, rest_url_;
};

TEST_F(SimServer, SpeaksTlsThatVerifiesAgainstItsCaOnly) {
  start(only("kraken"));
  TestClient client(ws_url_, ca_file_);
  ASSERT_TRUE(client.open()) << client.error();
  EXPECT_THAT(client.read().value_or(""), HasSubstr(R"("channel":"status")"));
  EXPECT_EQ(request(rest_url_, ca_file_, "GET", "/0/public/Time").status, 200);
  EXPECT_EQ(request(ws_url_.substr(0, ws_url_.size() - 3), ca_file_, "GET", "/nothing").status, 200);
  EXPECT_FALSE(TestClient(rest_url_ + "/v1", ca_file_).open()) << "no such path";
}

TEST_F(SimServer, SendsAGeneratedBook) {
  start(only("kraken"));
  TestClient client(ws_url_, ca_file_);
  client.write(R"({"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":10}})");
  EXPECT_TRUE(client.read_until(R"("success":true)"));
  EXPECT_TRUE(client.read_until(R"("type":"snapshot")"));
  EXPECT_TRUE(client.read_until(R"("type":"update","data":[{"symbol":"BTC/USD")"));
}

TEST_F(SimServer, CompressesIfBothWantIt) {
  SimulatorOptions options = only("binance-spot");
  options.deflate = true;
  start(options);
  TestClient packed = client(true);
  EXPECT_THAT(packed.extensions(), HasSubstr("permessage-deflate"));
  EXPECT_TRUE(packed.read_until("depthUpdate"));
  TestClient plain = client(false);
  EXPECT_EQ(plain.extensions(), "");
  EXPECT_TRUE(plain.read_until("depthUpdate"));
}

TEST_F(SimServer, DropsOneMessageAndLogsItsIds) {
  start(only("binance-spot"));
  TestClient reader = client();
  std::int64_t last = number_after(reader.read().value_or(""), "u");
  order(R"({"kind":"drop","channel":"book","symbol":"BTCUSDT"})");
  for (int i = 0; i < 10'000; ++i) {
    const std::string text = reader.read().value_or("");
    ASSERT_FALSE(text.empty()) << reader.error();
    if (number_after(text, "U") != last + 1) break;
    last = number_after(text, "u");
  }
  const std::string line = log();
  EXPECT_THAT(line, HasSubstr(R"("kind":"drop")"));
  EXPECT_EQ(number_after(line, "first_id"), last + 1) << "the hole begins where the log says";
}

TEST_F(SimServer, ClosesWithTheCodeItIsTold) {
  start(only("binance-spot"));
  TestClient reader = client();
  order(R"({"kind":"close","code":1012})");
  EXPECT_FALSE(reader.read_until("never sent"));
  EXPECT_EQ(reader.close_code(), 1012);
  EXPECT_TRUE(client().read_until("depthUpdate")) << "and takes the client back";
}

TEST_F(SimServer, BreaksOffInAFrame) {
  start(only("binance-spot"));
  TestClient reader = client();
  order(R"({"kind":"rst"})");
  EXPECT_FALSE(reader.read_until("never sent"));
  EXPECT_EQ(reader.close_code(), 0);
  EXPECT_THAT(log(), HasSubstr(R"("kind":"rst")"));
}

TEST_F(SimServer, FragmentsDripsAndPingsWithoutLosingAMessage) {
  start(only("binance-spot"));
  TestClient reader = client();
  std::int64_t last = number_after(reader.read().value_or(""), "u");
  order(R"({"kind":"fragment"})");
  order(R"({"kind":"drip","count":300})");
  order(R"({"kind":"ping_flood","count":50})");
  for (int i = 0; i < 100'000 && reader.pings() < 51; ++i) {
    const std::string text = reader.read().value_or("");
    ASSERT_EQ(number_after(text, "U"), last + 1) << reader.error();
    last = number_after(text, "u");
  }
  EXPECT_GE(reader.pings(), 51) << "fifty, and one between fragments";
}

TEST_F(SimServer, SendsAHugeFrameWhole) {
  start(only("binance-spot"));
  TestClient reader = client();
  order(R"({"kind":"huge_frame","count":2})");
  const auto huge = reader.read_until(R"({"huge":")");
  ASSERT_TRUE(huge);
  EXPECT_EQ(huge->size(), (2U << 20U) + 11);
}

TEST_F(SimServer, FailsRequestsAsTold) {
  start(only("binance-spot"));
  const auto time = [&] { return request(rest_url_, ca_file_, "GET", "/api/v3/time"); };
  order(R"({"kind":"http_429","seconds":7})");
  const TestAnswer refused = time();
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.retry_after, "7");
  order(R"({"kind":"http_418"})");
  EXPECT_EQ(time().status, 418);
  order(R"({"kind":"http_503"})");
  EXPECT_EQ(time().status, 503);
  order(R"({"kind":"http_html"})");
  EXPECT_THAT(time().body, HasSubstr("<html>"));
  order(R"({"kind":"refuse_connect"})");
  EXPECT_EQ(time().status, 0);
  EXPECT_EQ(time().status, 200);
  EXPECT_EQ(request(control_, "", "POST", "/fault", R"({"kind":"nonsense"})").status, 400);
}

TEST_F(SimServer, EnforcesConnectsAndLifetime) {
  SimulatorOptions options = only("binance-spot");
  options.limits = {{"lifetime_s", 1}, {"connects", 2}};
  start(options);
  TestClient first = client();
  EXPECT_TRUE(first.read_until("serverShutdown"));
  EXPECT_FALSE(first.read_until("never sent"));
  EXPECT_EQ(first.close_code(), 1001);
  EXPECT_TRUE(client().open());
  EXPECT_FALSE(client().open()) << "the third connect in the window";
}

// Faults to order are no limits: they are not counted.
TEST_F(SimServer, CountsTheLimitsThatClientsBreak) {
  SimulatorOptions options = only("binance-spot");
  options.limits = {{"rest_weight_per_minute", 30}, {"streams_per_connection", 1}};
  start(options);
  order(R"({"kind":"http_429"})");
  EXPECT_EQ(request(rest_url_, ca_file_, "GET", "/api/v3/time").status, 429);
  const auto stats = [&] { return request(control_, "", "GET", "/stats").body; };
  EXPECT_THAT(stats(), HasSubstr(R"("refused":0,"limited":0,"banned":0,"put_out":0)"));
  const auto depth = [&] { return request(rest_url_, ca_file_, "GET", "/api/v3/depth?symbol=BTCUSDT&limit=1000"); };
  std::uint64_t limited = 0;
  while (depth().status == 429) ++limited;
  TestClient greedy = client();
  greedy.write(R"({"method":"SUBSCRIBE","params":["ethusdt@trade"],"id":1})");
  EXPECT_FALSE(greedy.read_until("never sent"));
  EXPECT_EQ(greedy.close_code(), 1008);
  EXPECT_THAT(stats(), HasSubstr(fmt::format(R"("refused":0,"limited":{},"banned":1,"put_out":1)", limited)));
}

TEST_F(SimServer, PutsOutWhoDoesNotRead) {
  SimulatorOptions options = only("binance-spot");
  options.rate = 200'000;
  options.max_buffered = 100'000;
  start(options);
  const TestClient lazy = client();
  for (int i = 0; i < 1000; ++i) {
    if (log().find("slow_client") != std::string::npos) break;
  }
  EXPECT_THAT(log(), HasSubstr(R"("event":"slow_client")"));
  EXPECT_THAT(request(control_, "", "GET", "/stats").body, HasSubstr(R"("slow_clients":1)"));
}

TEST_F(SimServer, QuitsWhenTold) {
  start(only("kraken"));
  const TestClient open_client(ws_url_, ca_file_);
  EXPECT_EQ(request(control_, "", "POST", "/quit").status, 200);
  thread_.join();
}

TEST_F(SimServer, WritesAConfigurationWithItsAddresses) {
  start(only("kraken"));
  const std::string text = simulator_->ingest_configuration();
  EXPECT_THAT(text, HasSubstr("ws_url: " + ws_url_));
  EXPECT_THAT(text, HasSubstr("ca_file: " + ca_file_));
  EXPECT_THAT(text, HasSubstr(R"(symbols: ["BTC/USD","ETH/USD"])"));
}

}  // namespace
}  // namespace millrace::sim

#include "publish/http/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "publish/metrics.h"

namespace millrace::publish {
namespace {

namespace asio = boost::asio;
using namespace std::string_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

// A client that writes bytes as they are given.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port) { socket_.connect({asio::ip::make_address("127.0.0.1"), port}); }

  void send(const std::string& bytes) {
    boost::system::error_code ignored;  // the server may have had enough already
    asio::write(socket_, asio::buffer(bytes), ignored);
  }
  // All that comes until the server closes.
  std::string read_all() {
    std::string text;
    boost::system::error_code end;
    asio::read(socket_, asio::dynamic_buffer(text), end);
    return text;
  }

 private:
  asio::io_context context_;
  asio::ip::tcp::socket socket_{context_};
};

HttpHandlers handlers() {
  return {[] { return std::string("metric 1\n"); }, [] { return std::string{}; }};
}

std::string ask(const HttpServer& server, const std::string& request) {
  RawClient client(server.port());
  client.send(request);
  return client.read_all();
}

std::string get(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
}

TEST(HttpServer, AnswersItsThreePaths) {
  const HttpServer server("127.0.0.1", 0, handlers());
  EXPECT_THAT(ask(server, get("/metrics")), AllOf(StartsWith("HTTP/1.1 200"), EndsWith("\r\n\r\nmetric 1\n")));
  EXPECT_THAT(ask(server, get("/metrics?x=1")), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(ask(server, get("/livez")), EndsWith("alive\n"));
  EXPECT_THAT(ask(server, get("/readyz")), EndsWith("ready\n"));
  EXPECT_THAT(ask(server, get("/")), StartsWith("HTTP/1.1 404"));
  EXPECT_EQ(server.answers(200), 4U);
  EXPECT_EQ(server.answers(404), 1U);
}

TEST(HttpServer, NotReadySaysWhy) {
  auto with = handlers();
  with.not_ready = [] { return std::string("kraken has no live stream"); };
  const HttpServer server("127.0.0.1", 0, with);
  EXPECT_THAT(ask(server, get("/readyz")), AllOf(StartsWith("HTTP/1.1 503"), EndsWith("kraken has no live stream\n")));
}

TEST(HttpServer, HandlerThatThrowsIsAnAnswerNotADeath) {
  auto with = handlers();
  with.metrics = []() -> std::string { throw std::runtime_error("no"); };
  const HttpServer server("127.0.0.1", 0, with);
  EXPECT_THAT(ask(server, get("/metrics")), StartsWith("HTTP/1.1 500"));
  EXPECT_THAT(ask(server, get("/livez")), StartsWith("HTTP/1.1 200"));
}

TEST(HttpServer, HeadHasTheLengthAndNoBody) {
  const HttpServer server("127.0.0.1", 0, handlers());
  const auto text = ask(server, "HEAD /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(text, HasSubstr("Content-Length: 9\r\n"));
  EXPECT_THAT(text, EndsWith("\r\n\r\n"));
}

TEST(HttpServer, OtherMethodsAndBodiesAreRefused) {
  const HttpServer server("127.0.0.1", 0, handlers());
  EXPECT_THAT(ask(server, "POST /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 405"), HasSubstr("Allow: GET, HEAD")));
  EXPECT_THAT(ask(server, "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nmuch data"),
              StartsWith("HTTP/1.1 413"));
}

TEST(HttpServer, TooLongIsRefusedByName) {
  const HttpServer server("127.0.0.1", 0, handlers());
  EXPECT_THAT(ask(server, get("/" + std::string(2000, 'a'))), StartsWith("HTTP/1.1 414"));
  const std::string huge = "GET /livez HTTP/1.1\r\nHost: x\r\nX: " + std::string(12'000, 'a') + "\r\n\r\n";
  EXPECT_THAT(ask(server, huge), StartsWith("HTTP/1.1 431"));
}

TEST(HttpServer, GarbageIsABadRequest) {
  const HttpServer server("127.0.0.1", 0, handlers());
  EXPECT_THAT(ask(server, "\x16\x03\x01\x02\x03garbage\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(ask(server, "GET\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(ask(server, get("/livez")), StartsWith("HTTP/1.1 200")) << "and the next client is served";
}

TEST(HttpServer, OddRequestsGetAStatusOfTheirOwn) {
  const std::pair<std::string, const char*> cases[] = {
      {"GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n", "HTTP/1.1 200"},  // no Host
      {"GET /livez HTTP/1.0\r\n\r\n", "HTTP/1.1 200"},
      {"GET /livez HTTP/9.9\r\nHost: x\r\n\r\n", "HTTP/1.1 400"},
      {"GET /livez\r\n\r\n", "HTTP/1.1 400"},
      {"BREW /livez HTTP/1.1\r\nConnection: close\r\n\r\n", "HTTP/1.1 405"},
      {"GET /../../etc/passwd HTTP/1.1\r\nConnection: close\r\n\r\n", "HTTP/1.1 404"},
      {"GET /livez HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "HTTP/1.1 413"},
      {"GET /livez HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 413"},
      {"GET /livez HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", "HTTP/1.1 400"},
      {"GET /livez HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 1\r\n\r\n", "HTTP/1.1 400"},
      {"GET /livez HTTP/1.1\r\nX: a"s + '\0' + "b\r\n\r\n", "HTTP/1.1 400"},
  };
  const HttpServer server("127.0.0.1", 0, handlers());
  for (const auto& [request, status] : cases) EXPECT_THAT(ask(server, request), StartsWith(status)) << request;
}

TEST(HttpServer, AFloodIsTurnedAwayAndLeavesNothingBehind) {
  HttpLimits limits;
  limits.connections = 8;
  const HttpServer server("127.0.0.1", 0, handlers(), limits);
  {
    std::vector<std::unique_ptr<RawClient>> flood;
    for (int i = 0; i < 400; ++i) flood.push_back(std::make_unique<RawClient>(server.port()));
    for (const auto& client : flood) client->send("GET /livez HTTP/1.1\r\nX: ");
    EXPECT_THAT(flood.back()->read_all(), IsEmpty());
  }
  EXPECT_EQ(server.answers(503), 392U);
  // The places are free once the server has seen the others leave; until then it turns us away as well.
  std::string answer;
  while (answer.empty()) answer = ask(server, get("/livez"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
}

TEST(HttpServer, PipelinedRequestsAreAnsweredInOrder) {
  const HttpServer server("127.0.0.1", 0, handlers());
  const auto text =
      ask(server, "GET /livez HTTP/1.1\r\nHost: x\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n" + get("/readyz"));
  const auto live = text.find("alive\n");
  const auto missing = text.find("404");
  const auto ready = text.find("ready\n", missing);
  EXPECT_TRUE(live < missing && missing < ready && ready != std::string::npos) << text;
}

TEST(HttpServer, ClientThatNeverFinishesIsCutOff) {
  HttpLimits limits;
  limits.read_timeout = std::chrono::milliseconds{50};
  const HttpServer server("127.0.0.1", 0, handlers(), limits);
  RawClient slow(server.port());
  slow.send("GET /livez HTTP/1.1\r\nHo");
  EXPECT_THAT(slow.read_all(), IsEmpty()) << "returns only because the server closed";
}

TEST(HttpServer, OneConnectionTooManyIsClosedAndCounted) {
  HttpLimits limits;
  limits.connections = 1;
  const HttpServer server("127.0.0.1", 0, handlers(), limits);
  RawClient first(server.port());
  RawClient second(server.port());
  EXPECT_THAT(second.read_all(), IsEmpty());
  EXPECT_EQ(server.answers(503), 1U);
  first.send(get("/livez"));
  EXPECT_THAT(first.read_all(), StartsWith("HTTP/1.1 200"));
}

TEST(HttpServer, AddressThatCannotBeBoundIsAnErrorAtStart) {
  const HttpServer server("127.0.0.1", 0, handlers());
  EXPECT_THROW(HttpServer("127.0.0.1", server.port(), handlers()), std::runtime_error);
  EXPECT_THROW(HttpServer("nowhere", 0, handlers()), std::runtime_error);
}

TEST(HttpServer, PrometheusOwnToolFindsNothingToSayAboutTheMetrics) {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) GTEST_SKIP() << "promtool is not installed";
  LatencyHistogram latency;
  latency.add(1);
  MetricWriter out;
  out.add<Metric::kRecords>(1.0, "kraken", "book");
  out.add<Metric::kReceiveToAck>(latency, "market");
  out.add<Metric::kStaleness>(0.5, "kraken", "BTC-USD", "book");
  out.add<Metric::kRingBytes>(1.0, "market");
  FILE* tool = popen("promtool check metrics 2>&1", "w");
  ASSERT_NE(tool, nullptr);
  std::fputs(out.text().c_str(), tool);
  EXPECT_EQ(pclose(tool), 0);
}

}  // namespace
}  // namespace millrace::publish

#include "ingest/rest/rest_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/unit/ingest/rest/tls_server.h"

namespace millrace::ingest {
namespace {

using namespace std::chrono_literals;
using test::Scripted;
using test::TlsServer;
using testing::ElementsAre;

// Nothing here takes this long; it only ends a test that hangs.
constexpr auto kPatience = 20s;

class RestClientTest : public testing::Test {
 protected:
  RestOptions options() {
    RestOptions options;
    options.ca_file = server.ca_file();
    options.https.address = {"https", "127.0.0.1", server.port(), ""};
    options.connections = 1;
    options.jitter_seed = 1;
    return options;
  }
  std::unique_ptr<RestClient> client(RestOptions with) {
    return std::make_unique<RestClient>(context, std::move(with), gate, [this](const RestTrouble& what) {
      troubles.emplace_back(what.reason);
      details.emplace_back(what.detail);
    });
  }
  RestHandler keep() {
    return [this](const normalize::RestAnswer& answer) {
      statuses.push_back(answer.status);
      bodies.emplace_back(answer.body);
      return true;
    };
  }
  // Runs until `done` holds.
  template <class Done>
  void run_until(Done done) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!done() && std::chrono::steady_clock::now() < end) context.run_one_for(100ms);
    ASSERT_TRUE(done());
  }

  boost::asio::io_context context;
  TlsServer server{context};
  std::shared_ptr<HostGate> gate = std::make_shared<HostGate>(0);
  std::vector<int> statuses;
  std::vector<std::string> bodies;
  std::vector<std::string> troubles;
  std::vector<std::string> details;
};

TEST_F(RestClientTest, AnswersComeBackOverOneKeptConnection) {
  auto rest = client(options());
  server.script = {{200, "one", {}}, {200, "two", {}}};
  ASSERT_TRUE(rest->get({"a", "/a?x=1", 1, 0}, keep()));
  ASSERT_TRUE(rest->get({"b", "/b", 1, 0}, keep()));
  run_until([&] { return bodies.size() == 2; });
  EXPECT_THAT(bodies, ElementsAre("one", "two"));
  EXPECT_THAT(server.targets, ElementsAre("/a?x=1", "/b"));
  EXPECT_EQ(server.connections, 1);
  EXPECT_EQ(rest->stats().latency.total(), 2u);
}

TEST_F(RestClientTest, TwoAskersOfOneKeyCauseOneRequestAndTheFirstThatIsStillThereGetsTheAnswer) {
  auto rest = client(options());
  int gone = 0;
  ASSERT_TRUE(rest->get({"a", "/a", 1, 0}, [&](const normalize::RestAnswer&) {
    ++gone;
    return false;
  }));
  ASSERT_TRUE(rest->get({"a", "/a", 1, 0}, keep()));
  run_until([&] { return bodies.size() == 1; });
  EXPECT_EQ(gone, 1);
  EXPECT_EQ(server.targets.size(), 1u);
}

TEST_F(RestClientTest, AServerErrorIsAskedAgainUntilItAnswers) {
  auto rest = client(options());
  server.script = {{500, "", {}}, {503, "", {}}, {200, "good", {}}};
  ASSERT_TRUE(rest->get({"a", "/a", 1, 0}, keep()));
  run_until([&] { return !bodies.empty(); });
  EXPECT_THAT(bodies, ElementsAre("good"));
  EXPECT_THAT(troubles, ElementsAre("server_error", "server_error"));
  EXPECT_EQ(rest->stats().statuses.value("500"), 1u);
  EXPECT_EQ(rest->stats().statuses.value("503"), 1u);
}

TEST_F(RestClientTest, AConnectionThatDiesBetweenRequestsIsNoTrouble) {
  auto rest = client(options());
  server.script = {{200, "one", {}}, {200, "", {}, true}, {200, "two", {}}};
  ASSERT_TRUE(rest->get({"a", "/a", 1, 0}, keep()));
  run_until([&] { return bodies.size() == 1; });
  ASSERT_TRUE(rest->get({"b", "/b", 1, 0}, keep()));
  run_until([&] { return bodies.size() == 2; });
  EXPECT_TRUE(troubles.empty());
  EXPECT_EQ(server.connections, 2);
}

TEST_F(RestClientTest, TooManyRequestsStopTheWholeHost) {
  auto rest = client(options());
  server.script = {{429, "", {{"Retry-After", "1"}}}};
  ASSERT_TRUE(rest->get({"a", "/a", 1, 0}, keep()));
  run_until([&] { return !troubles.empty(); });
  EXPECT_THAT(troubles, ElementsAre("limited"));
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  EXPECT_GT(gate->take(now, 1), 28s);
  EXPECT_TRUE(bodies.empty());
}

TEST_F(RestClientTest, OtherClientErrorsAreForWhoeverAsked) {
  auto rest = client(options());
  server.script = {{400, R"({"code":-1121})", {}}};
  ASSERT_TRUE(rest->get({"a", "/a", 1, 0}, keep()));
  run_until([&] { return !bodies.empty(); });
  EXPECT_THAT(statuses, ElementsAre(400));
  EXPECT_THAT(troubles, ElementsAre("client_error"));
}

TEST_F(RestClientTest, TheHostsWeightHeaderCorrectsTheBudget) {
  gate = std::make_shared<HostGate>(6000);
  auto rest = client(options());
  server.script = {{200, "{}", {{"X-MBX-USED-WEIGHT-1M", "1234"}}}};
  ASSERT_TRUE(rest->get({"a", "/a", 20, 0}, keep()));
  run_until([&] { return !bodies.empty(); });
  EXPECT_EQ(gate->used(std::chrono::steady_clock::now().time_since_epoch()), 1234);
}

TEST_F(RestClientTest, ARequestBeyondTheBudgetWaits) {
  gate = std::make_shared<HostGate>(50);
  auto rest = client(options());
  ASSERT_TRUE(rest->get({"a", "/a", 50, 0}, keep()));
  ASSERT_TRUE(rest->get({"b", "/b", 50, 0}, keep()));
  run_until([&] { return bodies.size() == 1; });
  while (context.poll_one() > 0) {
  }
  EXPECT_EQ(server.targets.size(), 1u);
  EXPECT_EQ(rest->stats().queue.value(), 1u);
}

TEST_F(RestClientTest, AnUntrustedCertificateIsNeverAccepted) {
  boost::asio::io_context other_context;
  TlsServer other(other_context);
  RestOptions with = options();
  with.ca_file = other.ca_file();
  auto rest = client(with);
  ASSERT_TRUE(rest->get({"a", "/a", 1, 0}, keep()));
  run_until([&] { return !troubles.empty(); });
  EXPECT_THAT(troubles[0], "no_answer");
  EXPECT_THAT(details[0], testing::HasSubstr("certificate"));
  EXPECT_TRUE(server.targets.empty());
}

TEST_F(RestClientTest, ACertificateForAnotherNameIsNeverAccepted) {
  RestOptions with = options();
  with.https.address.host = "localhost";
  auto rest = client(with);
  ASSERT_TRUE(rest->get({"a", "/a", 1, 0}, keep()));
  run_until([&] { return !troubles.empty(); });
  EXPECT_THAT(troubles[0], "no_answer");
  EXPECT_TRUE(server.targets.empty());
}

TEST_F(RestClientTest, ASilentServerCountsAsNoAnswer) {
  RestOptions with = options();
  with.https.request = 500ms;
  auto rest = client(with);
  server.script = {{200, "", {}, false, true}, {200, "late", {}}};
  ASSERT_TRUE(rest->get({"a", "/a", 1, 0}, keep()));
  run_until([&] { return !bodies.empty(); });
  EXPECT_THAT(bodies, ElementsAre("late"));
  EXPECT_THAT(troubles, ElementsAre("no_answer"));
}

TEST_F(RestClientTest, ABodyOverTheLimitIsNoAnswer) {
  RestOptions with = options();
  with.https.body_limit = 100;
  auto rest = client(with);
  server.script = {{200, std::string(1000, 'x'), {}}};
  ASSERT_TRUE(rest->get({"a", "/a", 1, 0}, keep()));
  run_until([&] { return !troubles.empty(); });
  EXPECT_THAT(troubles[0], "no_answer");
}

TEST_F(RestClientTest, AFullQueueSaysNo) {
  RestOptions with = options();
  with.queue_limit = 1;
  auto rest = client(with);
  ASSERT_TRUE(rest->get({"a", "/a", 1, 0}, keep()));
  EXPECT_FALSE(rest->get({"b", "/b", 1, 0}, keep()));
  EXPECT_EQ(rest->stats().refused.value(), 1u);
}

TEST_F(RestClientTest, ADestroyedClientCallsNobody) {
  auto rest = client(options());
  ASSERT_TRUE(rest->get({"a", "/a", 1, 0}, keep()));
  run_until([&] { return server.connections == 1; });
  rest.reset();
  while (context.run_one_for(50ms) > 0 && server.targets.empty()) {
  }
  EXPECT_TRUE(bodies.empty());
}

}  // namespace
}  // namespace millrace::ingest

// Simulated accounts over TLS on loopback, and their control endpoint.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/sim/accounts/crypto.h"
#include "tests/sim/accounts/keys.h"
#include "tests/sim/simulator.h"
#include "tests/unit/sim/accounts_support.h"
#include "tests/unit/sim/support.h"
#include "tests/unit/sim/test_client.h"

namespace millrace::sim {
namespace {

using testing::HasSubstr;
using testing::Not;

class AccountServerTest : public testing::Test {
 protected:
  ~AccountServerTest() override {
    if (simulator_) simulator_->stop();
    thread_ = {};
    std::filesystem::remove_all(folder_);
  }

  void start(const std::string& venue, std::vector<AccountKnob> knobs = {}) {
    SimulatorOptions options;
    options.venues = {};
    options.folder = folder_;
    options.accounts = {{venue, "main", ""}};
    options.account_knobs = std::move(knobs);
    simulator_ = std::make_unique<Simulator>(options);
    thread_ = std::jthread([this] { simulator_->run(); });
    line_ = simulator_->description();
    control_ = text_after(line_, "control");
    ca_file_ = text_after(line_, "ca_file");
    ws_url_ = text_after(line_, "ws_url");
    rest_url_ = text_after(line_, "rest_url");
    label_ = venue + ":main";
    keys_ = accounts::keys_in_files(fmt::format("{}/{}-main", folder_, venue), venue);
  }
  std::string command(std::string_view verb, std::string_view body = "{}") {
    return request(control_, "", "POST", fmt::format("/accounts/{}/{}", label_, verb), body).body;
  }
  std::string ledger() { return request(control_, "", "GET", fmt::format("/accounts/{}/ledger", label_)).body; }

  std::string folder_ = testing::TempDir() + fmt::format("millrace-accounts-{}", getpid());
  std::unique_ptr<Simulator> simulator_;
  std::jthread thread_;
  std::string line_, control_, ca_file_, ws_url_, rest_url_, label_;
  accounts::AccountKeys keys_;
};

TEST_F(AccountServerTest, ServesAnAccountThatTheControlEndpointKnows) {
  start("kraken");
  TestClient client(ws_url_, ca_file_);
  ASSERT_TRUE(client.open()) << client.error();
  EXPECT_THAT(client.read().value_or(""), HasSubstr(R"("channel":"status")"));
  EXPECT_THAT(request(rest_url_, ca_file_, "POST", "/0/private/Balance", "nonce=1").body,
              HasSubstr("EAPI:Invalid key"));
  EXPECT_EQ(request(control_, "", "GET", "/accounts").body, R"(["kraken:main"])");
  EXPECT_THAT(command("fill"), HasSubstr(R"("ok":true)"));
  EXPECT_THAT(ledger(), HasSubstr(R"("audit":"","orders":[{"number":1)"));
  EXPECT_THAT(ledger(), HasSubstr(R"("fills":[{"number":1)"));
  EXPECT_THAT(command("cut"), HasSubstr("ok"));
  EXPECT_FALSE(client.read()) << "the connection is gone";
}

TEST_F(AccountServerTest, WritesAConfigurationThatNamesKeyFiles) {
  start("coinbase-exchange");
  const std::string config = simulator_->ingest_configuration();
  EXPECT_THAT(config, HasSubstr(fmt::format("journal:\n  dir: {}/journal\n", folder_)));
  EXPECT_THAT(config, HasSubstr("  - name: main\n    venue: coinbase-exchange\n    symbols: [\"BTC-USD\""));
  EXPECT_THAT(config, HasSubstr(fmt::format("passphrase_file: {}/coinbase-exchange-main-sidecar.passphrase", folder_)));
  EXPECT_THAT(config, HasSubstr("    rest_url: " + rest_url_));
  EXPECT_THAT(config, Not(HasSubstr(keys_.secret)));
  EXPECT_TRUE(std::filesystem::is_directory(folder_ + "/journal"));
}

TEST_F(AccountServerTest, BinaryMessagesArriveAsTheyAreSent) {
  start("alpaca");
  TestClient client(ws_url_, ca_file_);
  client.write(fmt::format(R"({{"action":"auth","key":"{}","secret":"{}"}})", keys_.api_key, keys_.secret));
  EXPECT_THAT(client.read().value_or(""), HasSubstr(R"("status":"authorized")"));
  client.write(R"({"action":"listen","data":{"streams":["trade_updates"]}})");
  EXPECT_TRUE(client.read_until("listening"));
  EXPECT_THAT(command("fill"), HasSubstr("ok"));
  EXPECT_TRUE(client.read_until(R"("event":"fill")"));
  EXPECT_THAT(command("knobs", R"({"cut":1})"), HasSubstr(R"("cut":1)"));
  EXPECT_THAT(command("fill"), HasSubstr("ok"));
  EXPECT_FALSE(client.read()) << "broken off inside a frame";
}

TEST_F(AccountServerTest, TellsWhatItCannotDo) {
  start("kraken");
  EXPECT_THAT(command("cancel", R"({"order":7})"), HasSubstr("not possible"));
  EXPECT_THAT(command("fly"), HasSubstr("POST place, fill"));
  EXPECT_THAT(command("place", "[1"), HasSubstr("no JSON object"));
  EXPECT_THAT(command("knobs", R"({"drop":2})"), HasSubstr("no knob"));
  EXPECT_THAT(command("knobs", R"({"drop":0.5})"), HasSubstr(R"("drop":0.5)"));
  EXPECT_EQ(request(control_, "", "GET", "/accounts/kraken:other/ledger").status, 404);
}

TEST_F(AccountServerTest, KeysAreInFilesThatNobodyElseReadsAndNowhereElse) {
  start("kraken", {{"kraken:main", "rate", 50}});
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    if (entry.path().extension() == ".pem") continue;
    struct stat about {};
    ASSERT_EQ(stat(entry.path().c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777, 0600U) << entry.path();
  }
  EXPECT_THAT(line_, HasSubstr("kraken-main-sidecar.secret"));
  EXPECT_THAT(line_ + ledger(), Not(HasSubstr(keys_.secret)));
  EXPECT_THAT(line_ + ledger(), Not(HasSubstr(keys_.api_key)));
}

TEST_F(AccountServerTest, RefusesAKeyFileThatOthersMayRead) {
  std::filesystem::create_directories(folder_);
  std::ofstream(folder_ + "/kraken-main.key") << "key";
  chmod((folder_ + "/kraken-main.key").c_str(), 0644);
  EXPECT_THROW(start("kraken"), std::runtime_error);
}

TEST_F(AccountServerTest, APageCanBeCutInTheMiddle) {
  start("kraken", {{"", "cut_page", 1}});
  EXPECT_EQ(request(rest_url_, ca_file_, "GET", "/0/public/Time").status, 0) << "no whole answer";
  EXPECT_THAT(command("knobs", R"({"cut_page":0,"html_200":1})"), HasSubstr(R"("html_200":1)"));
  const auto html = request(rest_url_, ca_file_, "GET", "/0/public/Time");
  EXPECT_EQ(html.status, 200);
  EXPECT_THAT(html.body, HasSubstr("<html>"));
}

}  // namespace
}  // namespace millrace::sim

// What simulated accounts do wrong, and that they do it only when told to.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/sim/accounts/commands.h"
#include "tests/sim/accounts/crypto.h"
#include "tests/unit/sim/accounts_support.h"

namespace millrace::sim::accounts {
namespace {

using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

// Kraken numbers its messages, so that a test sees what was lost where.
class AccountKnobs : public testing::Test {
 protected:
  AccountKnobs() : conn_(test_.connect("/v2")) {
    const std::string body = "nonce=1";
    const std::string path = "/0/private/GetWebSocketsToken";
    const std::string sign = to_base64(hmac_sha512(from_base64(test_.key().secret).value(), path + sha256("1" + body)));
    const std::string token = values_of(
        test_.ask({"POST", path, body, {{"API-Key", test_.key().api_key}, {"API-Sign", sign}}}).body, "token")[0];
    test_.say(conn_,
              fmt::format(R"({{"method":"subscribe","params":{{"channel":"executions","token":"{}"}}}})", token));
    test_.heard(conn_);
  }
  // Sequences of what `count` fills a second apart made, in the order of arrival.
  std::vector<std::int64_t> sequences(int count) {
    for (int i = 0; i < count; ++i) {
      test_.ledger().burst("BTC/USD", 1, test_.now);
      test_.pass(kSecond / 2);
    }
    std::vector<std::int64_t> found;
    for (const std::string& text : test_.heard(conn_)) {
      if (text.starts_with(R"({"channel":"executions")"))
        found.push_back(std::stoll(values_of(text, "sequence").at(0)));
    }
    return found;
  }
  static bool rises(const std::vector<std::int64_t>& numbers, std::int64_t by) {
    return std::adjacent_find(numbers.begin(), numbers.end(), [&](auto a, auto b) { return b != a + by; }) ==
           numbers.end();
  }

  FaceTest test_{"kraken"};
  ConnId conn_;
};

TEST_F(AccountKnobs, OffTheyDoNothing) {
  const auto numbers = sequences(50);
  EXPECT_THAT(numbers, SizeIs(200));
  EXPECT_TRUE(rises(numbers, 1));
}

TEST_F(AccountKnobs, ADroppedMessageLeavesAHole) {
  test_.knobs().drop = 0.2;
  const auto numbers = sequences(50);
  const std::int64_t dropped = test_.face().counts().dropped;
  EXPECT_GT(dropped, 10);
  EXPECT_EQ(numbers.size() + static_cast<std::size_t>(dropped), 200U);
  EXPECT_FALSE(rises(numbers, 1));
}

TEST_F(AccountKnobs, ALostEventLeavesNone) {
  test_.knobs().lose = 0.2;
  const auto numbers = sequences(50);
  EXPECT_GT(test_.face().counts().lost, 10);
  EXPECT_LT(numbers.size(), 190U);
  EXPECT_TRUE(rises(numbers, 1));
}

TEST_F(AccountKnobs, ADuplicateHasTheSameNumber) {
  test_.knobs().duplicate = 0.2;
  auto numbers = sequences(50);
  EXPECT_GT(test_.face().counts().duplicated, 10);
  EXPECT_EQ(numbers.size(), 200U + static_cast<std::size_t>(test_.face().counts().duplicated));
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  EXPECT_TRUE(rises(numbers, 1));
}

TEST_F(AccountKnobs, AReorderedMessageComesAfterItsSuccessorOrASecondLater) {
  test_.knobs().reorder = 0.2;
  auto numbers = sequences(50);
  EXPECT_GT(test_.face().counts().reordered, 10);
  EXPECT_FALSE(std::is_sorted(numbers.begin(), numbers.end()));
  test_.knobs().reorder = 0;
  test_.pass(2 * kSecond);
  for (const std::string& text : test_.heard(conn_)) {
    if (text.starts_with(R"({"channel":"executions")"))
      numbers.push_back(std::stoll(values_of(text, "sequence").at(0)));
  }
  std::sort(numbers.begin(), numbers.end());
  EXPECT_THAT(numbers, SizeIs(200));
  EXPECT_TRUE(rises(numbers, 1)) << "none is lost";
}

TEST_F(AccountKnobs, ACutEndsTheConnectionAndLosesTheMessage) {
  test_.knobs().cut = 1;
  test_.ledger().burst("BTC/USD", 1, test_.now);
  test_.face().tick(test_.now);
  const auto outgoing = test_.face().take_outgoing();
  ASSERT_THAT(outgoing, SizeIs(1));
  EXPECT_EQ(outgoing[0].kind, Outgoing::Kind::kReset);
  EXPECT_THAT(outgoing[0].data, StartsWith(R"({"channel":"executions")")) << "the frame that is broken off";
  EXPECT_EQ(test_.face().counts().cuts, 1);
}

TEST_F(AccountKnobs, SilenceSwallowsEverythingAndKeepsTheConnection) {
  test_.knobs().silent = 1;
  test_.say(conn_, R"({"method":"ping"})");
  EXPECT_THAT(sequences(3), SizeIs(0));
  test_.knobs().silent = 0;
  test_.say(conn_, R"({"method":"ping"})");
  EXPECT_THAT(test_.heard(conn_), ElementsAre(HasSubstr("pong")));
}

TEST_F(AccountKnobs, TheCommandCutEndsAllConnections) {
  test_.face().cut(test_.now);
  EXPECT_THAT(test_.heard(conn_), ElementsAre("reset"));
  EXPECT_THAT(sequences(2), SizeIs(0));
}

TEST_F(AccountKnobs, ATokenLivesAsLongAsIsSaid) {
  test_.knobs().token_life_ns = 30 * kSecond;
  const std::string body = "nonce=2";
  const std::string path = "/0/private/GetWebSocketsToken";
  const std::string sign = to_base64(hmac_sha512(from_base64(test_.key().secret).value(), path + sha256("2" + body)));
  const auto reply = test_.ask({"POST", path, body, {{"API-Key", test_.key().api_key}, {"API-Sign", sign}}});
  EXPECT_THAT(reply.body, HasSubstr(R"("expires":30)"));
  test_.pass(30 * kSecond);
  const ConnId late = test_.connect("/v2");
  test_.say(late, fmt::format(R"({{"method":"subscribe","params":{{"channel":"executions","token":"{}"}}}})",
                              values_of(reply.body, "token").at(0)));
  EXPECT_THAT(test_.heard(late).back(), HasSubstr("ESession:Invalid session"));
}

TEST(AccountKnobNames, AreSetWithinTheirRange) {
  Knobs knobs;
  EXPECT_TRUE(set_knob(knobs, "drop", 0.25));
  EXPECT_EQ(knobs.drop, 0.25);
  EXPECT_TRUE(set_knob(knobs, "clock_skew_ns", -5e9));
  EXPECT_EQ(knobs.clock_skew_ns, -5'000'000'000);
  EXPECT_FALSE(set_knob(knobs, "drop", 1.5));
  EXPECT_FALSE(set_knob(knobs, "drop", -0.1));
  EXPECT_FALSE(set_knob(knobs, "page_size", 2.5));
  EXPECT_FALSE(set_knob(knobs, "page_size", -1));
  EXPECT_FALSE(set_knob(knobs, "nothing", 1));
  EXPECT_THAT(to_json(knobs), HasSubstr(R"("drop":0.25)"));
}

// Every venue with accounts.
class EveryFace : public testing::TestWithParam<std::string_view> {
 protected:
  static HttpAsk clock(std::string_view venue) {
    static const std::map<std::string_view, std::string_view> kTargets{{"kraken", "/0/public/Time"},
                                                                       {"binance-spot", "/api/v3/time"},
                                                                       {"binance-usdm", "/fapi/v1/time"},
                                                                       {"coinbase-exchange", "/time"},
                                                                       {"coinbase-advanced", "/api/v3/brokerage/time"},
                                                                       {"alpaca", "/v2/clock"}};
    return {"GET", kTargets.at(venue)};
  }
};

TEST_P(EveryFace, LivesAnHourAndAddsUp) {
  Knobs knobs;
  knobs.rate = 5;
  knobs.bust = 0.02;
  knobs.burst = 0.001;
  FaceTest test{std::string(GetParam()), knobs};
  for (int i = 0; i < 3'600; ++i) test.pass(kSecond);
  EXPECT_EQ(test.ledger().audit(), "");
  EXPECT_GT(test.ledger().fills().size(), 5'000U);
  std::set<EventKind> kinds;
  for (const Event& event : test.ledger().events()) kinds.insert(event.kind);
  EXPECT_EQ(kinds.contains(EventKind::kBust), test.ledger().rules().busts);
  EXPECT_TRUE(kinds.contains(EventKind::kAmended) || kinds.contains(EventKind::kReplaced));
  // Nothing of the venue's can be told twice by one id.
  std::set<std::pair<std::string, std::string>> ids;
  for (const Fill& fill : test.ledger().fills()) EXPECT_TRUE(ids.emplace(fill.symbol + fill.id, fill.order_id).second);
}

TEST_P(EveryFace, TheSameSeedAndCallsGiveTheSameTruth) {
  Knobs knobs;
  knobs.rate = 20;
  const auto lived = [&](int steps) {
    FaceTest test{std::string(GetParam()), knobs};
    for (int i = 0; i < 60 * steps; ++i) test.pass(kSecond / steps);
    const std::string json = ledger_json(test.face());
    return json.substr(0, json.find(R"(,"money")"));
  };
  EXPECT_EQ(lived(1), lived(1));
  EXPECT_EQ(lived(1), lived(4)) << "how often it is called makes no difference";
}

TEST_P(EveryFace, MakesNothingButFillsIfTold) {
  Knobs knobs;
  knobs.rate = 1'000;
  knobs.only_fills = 1;
  FaceTest test{std::string(GetParam()), knobs};
  for (int i = 0; i < 100; ++i) test.pass(kSecond / 100);
  EXPECT_NEAR(static_cast<double>(test.ledger().fills().size()), 1'000, 50);
  EXPECT_EQ(test.ledger().audit(), "");
}

TEST_P(EveryFace, RequestsFailAsTheyAreTold) {
  const auto ask = [&](double Knobs::*knob) {
    FaceTest test{std::string(GetParam())};
    test.knobs().*knob = 1;
    HttpReply reply = test.ask(clock(GetParam()));
    EXPECT_EQ(test.face().counts().rest_faults, 1);
    return reply;
  };
  const bool kraken = GetParam() == "kraken";  // tells errors with 200
  EXPECT_EQ(ask(&Knobs::status_401).status, kraken ? 200 : 401);
  EXPECT_EQ(ask(&Knobs::status_403).status, 403);
  const HttpReply limited = ask(&Knobs::status_429);
  EXPECT_EQ(limited.status, kraken ? 200 : 429);
  EXPECT_EQ(limited.headers.empty(), kraken);
  EXPECT_THAT(ask(&Knobs::status_500).status, AnyOf(500, 520));
  EXPECT_EQ(ask(&Knobs::status_503).status, kraken ? 200 : 503);
  EXPECT_THAT(ask(&Knobs::html_200).body, StartsWith("<!DOCTYPE html>"));
  EXPECT_TRUE(ask(&Knobs::cut_page).cut);
  FaceTest whole{std::string(GetParam())};
  const HttpReply torn = ask(&Knobs::torn_page);
  EXPECT_FALSE(torn.cut);
  EXPECT_EQ(torn.body.size(), whole.ask(clock(GetParam())).body.size() / 2);
}

TEST_P(EveryFace, LetsNobodyInWhoMakesNoSense) {
  FaceTest test{std::string(GetParam())};
  const ConnId conn = test.connect("/private/ws?listenKey=&events=ORDER_TRADE_UPDATE");
  for (const std::string_view text :
       {"", "{", "[]", "null", "{}", R"({"method":1,"id":{}})", R"({"type":"subscribe","channels":{"a":1}})",
        R"({"type":"subscribe","channels":[[],{}]})", R"({"method":"subscribe","params":[]})",
        R"({"id":1,"method":"userDataStream.subscribe.signature","params":{"apiKey":7}})",
        R"({"type":"subscribe","channel":"user","jwt":"..","product_ids":[1]})", R"({"action":"auth","key":[]})",
        R"({"action":"listen","data":{"streams":"trade_updates"}})", "\xff\xfe"}) {
    test.say(conn, text);
  }
  for (const std::string_view target :
       {"", "?", "/", "/0/private/", "/0/private/Balance", "/0/public/%zz", "/api/v3/myTrades?symbol",
        "/fapi/v1/listenKey?%", "/orders/", "/fills?&&=", "/api/v3/brokerage", "/api/v3/brokerage/accounts?limit=x",
        "/v2/orders", "/v2/orders:by", "/v2/account/activities/FILL?page_token=%00"}) {
    const HttpReply reply = test.ask({"POST", target, "nonce=&&=%"});
    EXPECT_TRUE(reply.status >= 400 || reply.body.find("error\":[\"E") != std::string::npos) << target;
  }
  test.ledger().burst(test.ledger().rules().instruments.front().symbol, 5, test.now);
  test.pass(kSecond);
  EXPECT_EQ(test.face().counts().messages, 0);
}

TEST_P(EveryFace, NeedsAKey) {
  FaceOptions options;
  options.venue = GetParam();
  EXPECT_THROW(make_face(options), std::runtime_error);
}

INSTANTIATE_TEST_SUITE_P(Accounts, EveryFace,
                         testing::ValuesIn(account_venue_names().begin(), account_venue_names().end()),
                         [](const auto& one) {
                           std::string name(one.param);
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace millrace::sim::accounts

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/normalize/venues/binance/account_texts.h"

// The stream of one account: what becomes of repeated, late and missing reports, and of messages about the connection.
namespace millrace::test {
namespace {

using normalize::AccountCommands;
using schemas::ExecutionKind;
using schemas::OrderStatus;
using schemas::StreamState;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr UnixNanos kSecond = 1'000'000'000;

std::vector<std::string> ids(const AccountHarness& account) {
  std::vector<std::string> out;
  for (const HeldExecution& one : account.executions) out.push_back(one.body.event_id);
  return out;
}
std::vector<std::string> reasons(const AccountHarness& account) {
  std::vector<std::string> out;
  for (const HeldAccountState& one : account.states) out.push_back(one.reason);
  return out;
}
TEST(BinanceAccount, ARepeatedReportIsToldOnce) {
  auto account = live_account();
  ASSERT_TRUE(account.feed(SpotReport{}.text()));
  ASSERT_TRUE(account.feed(spot_fill(7, 1).text()));
  ASSERT_TRUE(account.feed(spot_fill(7, 1).text()));
  ASSERT_TRUE(account.feed(SpotReport{}.text()));
  EXPECT_THAT(ids(account), ElementsAre("binance-spot/main/1/ETHBTC/NEW/1", "binance-spot/main/1/ETHBTC/7"));
  EXPECT_THAT(account.drops, ElementsAre("duplicate", "duplicate"));
  EXPECT_THAT(account.states, IsEmpty()) << "nothing is missing";
}

// A test net repeated an old fill with an unrelated cancel, under the cancel's own status.
TEST(BinanceAccount, AnOldFillThatIsSentAgainIsKnownByItsTrade) {
  auto account = live_account("binance-usdm");
  FuturesReport fill;
  fill.x = "TRADE";
  fill.X = "FILLED";
  fill.l = fill.z = "10";
  fill.L = fill.ap = "2";
  fill.t = 5;
  ASSERT_TRUE(account.feed(fill.text()));
  fill.T += 60'000;
  ASSERT_TRUE(account.feed(fill.text()));
  EXPECT_THAT(account.executions, SizeIs(1));
  EXPECT_THAT(account.drops, ElementsAre("duplicate"));
}

TEST(BinanceAccount, BothLegsOfASelfTradeAreFills) {
  auto account = live_account();
  ASSERT_TRUE(account.feed(spot_fill(7, 1, 21).text()));
  ASSERT_TRUE(account.feed(spot_fill(7, 1, 22).text()));
  EXPECT_THAT(ids(account), ElementsAre("binance-spot/main/21/ETHBTC/7", "binance-spot/main/22/ETHBTC/7"));
}

TEST(BinanceAccount, OrdersOfTwoSymbolsWithOneIdAreTwoOrders) {
  auto account = live_account();
  SpotReport other;
  other.s = "BTCUSDT";
  other.q = "3";
  other.c = "other";
  SpotReport other_fill = spot_fill(7, 1);
  other_fill.s = "BTCUSDT";
  ASSERT_TRUE(account.feed(SpotReport{}.text()));
  ASSERT_TRUE(account.feed(other.text()));
  ASSERT_TRUE(account.feed(spot_fill(7, 1).text()));
  ASSERT_TRUE(account.feed(spot_fill(8, 2).text()));
  ASSERT_TRUE(account.feed(other_fill.text()));
  ASSERT_THAT(account.executions, SizeIs(5));
  EXPECT_EQ(plain(account.executions[3].body.cumulative_quantity), "2");
  EXPECT_EQ(plain(account.executions[4].body.cumulative_quantity), "1");
  EXPECT_THAT(account.states, IsEmpty());
}

TEST(BinanceAccount, AQuantityThatTheFillsDoNotExplainIsSaid) {
  auto account = live_account();
  ASSERT_TRUE(account.feed(SpotReport{}.text()));
  ASSERT_TRUE(account.feed(spot_fill(7, 1).text()));
  EXPECT_THAT(account.states, IsEmpty());
  ASSERT_TRUE(account.feed(spot_fill(9, 3).text()));  // the second one never came
  ASSERT_THAT(account.states, SizeIs(1));
  EXPECT_EQ(account.states[0].dataset, Dataset::kExecution);
  EXPECT_EQ(account.states[0].state, StreamState::kLive);
  EXPECT_EQ(account.states[0].reason, "quantity_mismatch");
}

TEST(BinanceAccount, ACancelOfAnOrderFilledFurtherSaysSoToo) {
  auto account = live_account();
  ASSERT_TRUE(account.feed(SpotReport{}.text()));
  SpotReport cancel;
  cancel.x = cancel.X = "CANCELED";
  cancel.z = "4";
  cancel.Z = "8";
  cancel.I = 2;
  ASSERT_TRUE(account.feed(cancel.text()));
  EXPECT_THAT(reasons(account), ElementsAre("quantity_mismatch"));
}

TEST(BinanceAccount, ALateReportDoesNotTurnTheOrderBack) {
  auto account = live_account();
  ASSERT_TRUE(account.feed(SpotReport{}.text()));
  SpotReport last = spot_fill(8, 10);
  last.l = "9";
  last.X = "FILLED";
  ASSERT_TRUE(account.feed(last.text()));
  account.clear();
  ASSERT_TRUE(account.feed(spot_fill(7, 1).text()));
  ASSERT_THAT(account.executions, SizeIs(1));
  const schemas::Execution& late = account.executions[0].body;
  EXPECT_EQ(late.kind, ExecutionKind::kTrade);
  EXPECT_EQ(plain(late.last_quantity), "1");
  EXPECT_EQ(late.status, OrderStatus::kFilled);
  EXPECT_EQ(plain(late.cumulative_quantity), "10");
  EXPECT_EQ(plain(late.leaves_quantity), "0");
  EXPECT_EQ(plain(late.average_price), "-");
  EXPECT_THAT(account.states, IsEmpty()) << "it explains the quantity";
}

TEST(BinanceAccount, MessagesOfNoInterestAreCountedByReason) {
  auto account = live_account("binance-usdm");
  ASSERT_TRUE(account.feed(account_fixture("account_lite_usdm.json")));
  EXPECT_THAT(account.drops, ElementsAre("duplicate"));
  account.clear();
  const std::vector<std::string> words = {
      "listStatus",      "MARGIN_CALL", "ACCOUNT_CONFIG_UPDATE", "ALGO_UPDATE", "CONDITIONAL_ORDER_TRIGGER_REJECT",
      "STRATEGY_UPDATE", "GRID_UPDATE"};
  for (const std::string& word : words) ASSERT_TRUE(account.feed(fmt::format(R"({{"e":"{}","E":1}})", word)));
  EXPECT_EQ(account.drops, std::vector<std::string>(words.size(), "not_for_us"));
  account.clear();
  ASSERT_TRUE(account.feed(R"({"e":"brandNew","E":1})"));
  ASSERT_TRUE(account.feed(R"({"hello":1})"));
  EXPECT_THAT(account.drops, ElementsAre("unknown_type", "unknown_type"));
  EXPECT_THAT(account.executions, IsEmpty());
  EXPECT_THAT(account.balances, IsEmpty());
}

TEST(BinanceAccount, EventsAreReadWrappedOrNot) {
  const std::string report = SpotReport{}.text();
  const std::size_t at = report.find("{\"e\"");
  const std::string bare = report.substr(at, report.size() - at - 1);
  for (const std::string& text : {bare, R"({"stream":"key","data":)" + bare + "}", R"({"event":)" + bare + "}"}) {
    auto account = live_account();
    ASSERT_TRUE(account.feed(text));
    EXPECT_THAT(account.executions, SizeIs(1)) << text;
  }
}

TEST(BinanceAccount, AShutdownIsAReasonToReconnect) {
  for (const std::string_view text :
       {R"({"event":{"e":"serverShutdown","E":1770123456789}})", R"({"e":"serverShutdown","E":1770123456789})",
        R"({"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1770123456789}})"}) {
    auto account = live_account();
    ASSERT_TRUE(account.feed(text));
    EXPECT_TRUE(account.todo.reconnect) << text;
    EXPECT_EQ(account.todo.reason, "server_shutdown");
  }
}

TEST(BinanceAccount, AnExpiredListenKeyIsRenewedAndTheConnectionLeft) {
  auto account = live_account("binance-usdm");
  ASSERT_TRUE(account.feed(account_fixture("account_token_expired_usdm.json")));
  EXPECT_TRUE(account.todo.new_token);
  EXPECT_TRUE(account.todo.reconnect);
  EXPECT_EQ(account.todo.reason, "token_expired");
}

TEST(BinanceAccount, ARevokedKeyIsARefusedLogin) {
  auto account = live_account();
  ASSERT_TRUE(account.feed(account_fixture("account_revoked_spot.json")));
  EXPECT_EQ(account.todo.login, AccountCommands::Login::kRefused);
  EXPECT_EQ(account.todo.login_detail, "-2015 Invalid API-key, IP, or permissions for action.");
  EXPECT_FALSE(account.todo.reconnect);
}

TEST(BinanceAccount, ALateBalanceIsNotTold) {
  auto account = live_account();
  const auto position = [](int time, int free) {
    return fmt::format(
        R"({{"event":{{"e":"outboundAccountPosition","E":{},"u":{},"B":[{{"a":"BTC","f":"{}","l":"0"}}]}}}})", time,
        time, free);
  };
  ASSERT_TRUE(account.feed(position(1'700'000, 5)));
  ASSERT_TRUE(account.feed(position(1'699'999, 4)));
  ASSERT_TRUE(account.feed(position(1'700'000, 6)));  // the same ms: in the order of arrival
  ASSERT_THAT(account.balances, SizeIs(2));
  EXPECT_EQ(plain(account.balances[1].body.total), "6");
  EXPECT_THAT(account.drops, ElementsAre("duplicate"));
}

TEST(BinanceAccount, ARepeatedDepositIsToldOnce) {
  auto account = live_account();
  ASSERT_TRUE(account.feed(account_fixture("account_delta_spot.json")));
  ASSERT_TRUE(account.feed(account_fixture("account_delta_spot.json")));
  EXPECT_THAT(account.balances, SizeIs(1));
  EXPECT_THAT(account.drops, ElementsAre("duplicate"));
}

TEST(BinanceAccount, TwoAccountsShareNoIds) {
  AccountHarness first("binance-spot", "first");
  AccountHarness second("binance-spot", "second");
  ASSERT_TRUE(first.feed(spot_fill(7, 1).text()));
  ASSERT_TRUE(second.feed(spot_fill(7, 1).text()));
  EXPECT_THAT(ids(first), ElementsAre("binance-spot/first/1/ETHBTC/7"));
  EXPECT_THAT(ids(second), ElementsAre("binance-spot/second/1/ETHBTC/7"));
}

TEST(BinanceAccount, WithoutReferenceDataTheInstrumentIsNotKnown) {
  AccountHarness account("binance-spot");
  ASSERT_TRUE(account.feed(SpotReport{}.text()));
  ASSERT_THAT(account.executions, SizeIs(1));
  EXPECT_EQ(account.executions[0].meta.symbol, "ETHBTC");
  EXPECT_EQ(account.executions[0].meta.instrument, "");
}

TEST(BinanceSubscribeAccount, SpotSignsARequestById) {
  AccountHarness account("binance-spot");
  account.open();
  ASSERT_THAT(account.todo.send, SizeIs(1));
  EXPECT_EQ(account.todo.send[0].text, "subscribe-1");
  EXPECT_EQ(account.todo.send[0].signing, normalize::Signing::kSign);
  EXPECT_EQ(account.todo.login, AccountCommands::Login::kUnchanged);
  ASSERT_THAT(account.todo.rest, SizeIs(1));
  EXPECT_EQ(account.todo.rest[0].target, "/api/v3/exchangeInfo");
  EXPECT_EQ(account.todo.rest[0].signing, normalize::Signing::kNone);
  EXPECT_THAT(account.states, IsEmpty());
  ASSERT_TRUE(account.feed(account_fixture("account_subscribed_spot.json")));
  EXPECT_EQ(account.todo.login, AccountCommands::Login::kAccepted);
  EXPECT_THAT(reasons(account), ElementsAre("subscribed", "subscribed"));
}

TEST(BinanceSubscribeAccount, FuturesAreSubscribedByTheirAddress) {
  AccountHarness account("binance-usdm");
  account.open();
  EXPECT_THAT(account.todo.send, IsEmpty());
  EXPECT_EQ(account.todo.login, AccountCommands::Login::kAccepted);
  EXPECT_EQ(account.todo.rest.at(0).target, "/fapi/v1/exchangeInfo");
}

struct RefusalCase {
  int status, code;
  AccountCommands::Login login;
  std::string state;  // reason of the pause, if any
};

TEST(BinanceSubscribeAccount, RefusalsAreTakenByTheirClass) {
  using Login = AccountCommands::Login;
  const RefusalCase cases[] = {
      {401, -2015, Login::kRefused, ""},
      {400, -2014, Login::kRefused, ""},
      {400, -1022, Login::kRefused, ""},
      {400, -1102, Login::kRefused, ""},
      {429, -1003, Login::kUnchanged, "rate_limited"},
      {418, -1003, Login::kUnchanged, "rate_limited"},
      {500, -1000, Login::kUnchanged, "subscribe_failed"},
      {400, -2035, Login::kAccepted, ""},
  };
  for (const RefusalCase& one : cases) {
    AccountHarness account("binance-spot");
    account.open();
    const UnixNanos opened = account.now;
    ASSERT_TRUE(account.feed(fmt::format(R"({{"id":"subscribe-1","status":{},"error":{{"code":{},"msg":"words"}}}})",
                                         one.status, one.code)));
    EXPECT_EQ(account.todo.login, one.login) << one.code;
    EXPECT_FALSE(account.todo.reconnect);
    const std::string detail = one.login == Login::kRefused ? fmt::format("{} words", one.code) : "";
    EXPECT_EQ(account.todo.login_detail, detail);
    if (one.state.empty()) continue;
    EXPECT_THAT(reasons(account), ElementsAre(one.state, one.state));
    ASSERT_TRUE(account.todo.wake_at.has_value());
    EXPECT_GE(*account.todo.wake_at, opened + (one.state == "rate_limited" ? 30 : 5) * kSecond);
    account.time(*account.todo.wake_at);
    ASSERT_THAT(account.todo.send, SizeIs(1)) << "tried again";
    EXPECT_EQ(account.todo.send[0].text, "subscribe-2");
  }
}

// The shell corrects the clock by what it hears to a signed request.
TEST(BinanceSubscribeAccount, AWrongClockIsCorrectedOnce) {
  AccountHarness account("binance-spot");
  account.open();
  const auto refuse = [&](int number) {
    return account.feed(fmt::format(
        R"({{"id":"subscribe-{}","status":400,"error":{{"code":-1021,"msg":"outside of the recvWindow"}}}})", number));
  };
  ASSERT_TRUE(refuse(1));
  EXPECT_EQ(account.todo.login, AccountCommands::Login::kUnchanged);
  ASSERT_THAT(account.todo.rest, SizeIs(1));
  EXPECT_EQ(account.todo.rest[0].signing, normalize::Signing::kSign);
  ASSERT_TRUE(account.answer(account.todo.rest[0].key, "/api/v3/account", kNoBalances));
  ASSERT_THAT(account.todo.send, SizeIs(1));
  EXPECT_EQ(account.todo.send[0].text, "subscribe-2");
  EXPECT_THAT(account.balances, IsEmpty());
  ASSERT_TRUE(refuse(2));
  EXPECT_EQ(account.todo.login, AccountCommands::Login::kRefused);
  EXPECT_EQ(account.todo.login_detail, "-1021 outside of the recvWindow");
}

TEST(BinanceSubscribeAccount, ASubscriptionWithoutAnswerCostsTheConnection) {
  AccountHarness account("binance-spot");
  account.open();
  ASSERT_TRUE(account.todo.wake_at.has_value());
  account.time(*account.todo.wake_at - 1);
  EXPECT_FALSE(account.todo.reconnect);
  ASSERT_TRUE(account.todo.wake_at.has_value());
  account.time(*account.todo.wake_at);
  EXPECT_TRUE(account.todo.reconnect);
  EXPECT_EQ(account.todo.reason, "no_answer");
}

TEST(BinanceSubscribeAccount, AnswersOfOtherRequestsAreNotOurs) {
  AccountHarness account("binance-spot");
  account.open();
  ASSERT_TRUE(account.feed(R"({"id":"something","status":200,"result":{}})"));
  ASSERT_TRUE(account.feed(R"({"id":"something","status":401,"error":{"code":-2015,"msg":"no"}})"));
  EXPECT_EQ(account.todo.login, AccountCommands::Login::kUnchanged);
  EXPECT_THAT(account.drops, ElementsAre("not_for_us", "not_for_us"));
}

TEST(BinanceSubscribeAccount, AnAnswerThatComesTwiceBeginsOneRound) {
  AccountHarness account("binance-spot");
  subscribe(account);
  account.clear();
  ASSERT_TRUE(account.feed(account_fixture("account_subscribed_spot.json")));
  EXPECT_THAT(account.drops, ElementsAre("duplicate"));
  EXPECT_THAT(account.todo.rest, IsEmpty());
}

TEST(BinanceSubscribeAccount, ATerminatedStreamIsSubscribedAgainOnTheSameConnection) {
  auto account = live_account();
  ASSERT_TRUE(account.feed(R"({"subscriptionId":0,"event":{"e":"eventStreamTerminated","E":1728973001334}})"));
  EXPECT_FALSE(account.todo.reconnect);
  ASSERT_THAT(account.todo.send, SizeIs(1));
  EXPECT_EQ(account.todo.send[0].text, "subscribe-2");
  EXPECT_THAT(reasons(account), ElementsAre("stream_terminated", "stream_terminated"));
  account.clear();
  ASSERT_TRUE(account.feed(R"({"id":"subscribe-2","status":200,"result":{"subscriptionId":1}})"));
  ASSERT_THAT(account.gaps, SizeIs(2));
  EXPECT_EQ(account.gaps[0].mark.kind, schemas::GapKind::kVenue);
  EXPECT_EQ(account.gaps[0].mark.reason, "resubscribed");
  EXPECT_THAT(reasons(account), ElementsAre("resubscribed", "resubscribed"));
  EXPECT_THAT(account.todo.rest, SizeIs(2)) << "orders and balances are asked for anew";
}

// Otherwise the dataset would be LIVE without a stream.
TEST(BinanceSubscribeAccount, AnAnswerAfterTheStreamsEndProvesNothing) {
  AccountHarness account("binance-spot");
  subscribe(account);
  const std::string orders = asked_key(account, "/api/v3/openOrders");
  ASSERT_TRUE(account.feed(R"({"subscriptionId":0,"event":{"e":"eventStreamTerminated","E":1728973001334}})"));
  account.clear();
  ASSERT_TRUE(account.answer(orders, "/api/v3/openOrders", "[]"));
  EXPECT_THAT(account.states, IsEmpty());
}

}  // namespace
}  // namespace millrace::test

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/venue_harness.h"
#include "tests/unit/normalize/venues/alpaca/alpaca_test.h"

// How a session of Alpaca's trading stream runs (sheet, 1, 5, 7 and 8).
namespace millrace::normalize::alpaca {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

constexpr std::string_view kAssets = "/v2/assets?asset_class=crypto";
constexpr std::string_view kOpenOrders = "/v2/orders?status=open&limit=500&direction=asc";
// Accounts of these tests are opened at 2023-11-14T22:13:20Z.
constexpr std::string_view kEndedOrders =
    "/v2/orders?status=closed&limit=500&direction=asc&after=2023-11-14T22%3A03%3A20.";

TEST(Alpaca, AuthMessageIsTheSignersListenIsOurs) {
  Account account;
  account.connect();
  ASSERT_THAT(account.todo.send, SizeIs(1));
  EXPECT_EQ(account.todo.send[0].text, "");
  EXPECT_EQ(account.todo.send[0].signing, Signing::kSign);
  EXPECT_THAT(account.todo.rest, IsEmpty());
  ASSERT_TRUE(account.feed_file("authorized"));
  EXPECT_EQ(account.todo.login, AccountCommands::Login::kAccepted);
  ASSERT_THAT(account.todo.send, SizeIs(1));
  EXPECT_EQ(account.todo.send[0].text, R"({"action":"listen","data":{"streams":["trade_updates"]}})");
  EXPECT_EQ(account.todo.send[0].signing, Signing::kNone);
  ASSERT_TRUE(account.feed_file("listening"));
  EXPECT_THAT(asked(account.todo), ElementsAre(kOpenOrders, StartsWith(kEndedOrders), kAssets));
}

TEST(Alpaca, LiveWithTheFirstAnswers) {
  Account account;
  account.connect();
  ASSERT_TRUE(account.feed_file("authorized"));
  ASSERT_TRUE(account.feed_file("listening"));
  account.clear();
  ASSERT_TRUE(account.answer_to("orders", fixture("rest_orders")));
  EXPECT_THAT(account.states, IsEmpty());
  ASSERT_TRUE(account.answer_to("recent", "[]"));
  EXPECT_THAT(state_lines(account), ElementsAre("execution LIVE subscribed"));
  EXPECT_THAT(order_lines(account), ElementsAre("STATUS PARTIALLY_FILLED cum 790.86 leaves 1000"));
  EXPECT_EQ(account.executions[0].meta.origin, schemas::Origin::kSnapshot);
  EXPECT_FALSE(account.executions[0].body.unseen_order);
  ASSERT_TRUE(account.answer_to("assets", fixture("rest_assets")));
  ASSERT_TRUE(account.answer_to("account", fixture("rest_account")));
  EXPECT_THAT(asked(account.todo), ElementsAre("/v2/positions"));
  ASSERT_TRUE(account.answer_to("positions", fixture("rest_positions")));
  EXPECT_EQ(state_lines(account).back(), "balance LIVE subscribed");
  EXPECT_THAT(balance_lines(account), ElementsAre("USD -23140.2 7386.56", "BTC 2.61937 2.5", "FB -100 -"));
  EXPECT_EQ(account.balances[0].body.kind, schemas::BalanceKind::kSnapshot);
  EXPECT_EQ(account.balances[0].meta.flags, schemas::flag::kSnapshot | schemas::flag::kReset);
  EXPECT_EQ(account.balances[1].meta.flags, schemas::flag::kSnapshot);
}

TEST(Alpaca, BinaryFramesHoldTheSameJson) {
  Account account;
  account.connect();
  const test::PaddedText padded(fixture("authorized"));
  account.todo.clear();
  ASSERT_TRUE(account.adapter->on_frame({padded.view(), account.now, true}, account, account.todo));
  EXPECT_EQ(account.todo.login, AccountCommands::Login::kAccepted);
}

TEST(Alpaca, RefusedLoginIsTheShellsToHandle) {
  Account account;
  account.connect();
  ASSERT_TRUE(account.feed_file("unauthorized"));
  EXPECT_EQ(account.todo.login, AccountCommands::Login::kRefused);
  EXPECT_EQ(account.todo.login_detail, "access key verification failed");
  account.time(account.now + 11 * kSecond);
  EXPECT_FALSE(account.todo.reconnect);
  Account other;
  other.connect();
  ASSERT_TRUE(other.feed_file("error_402"));
  EXPECT_EQ(other.todo.login, AccountCommands::Login::kRefused);
  EXPECT_EQ(other.todo.login_detail, "402 auth failed");
}

TEST(Alpaca, ForgottenLoginReconnects) {
  Account account;
  account.connect();
  ASSERT_TRUE(account.feed_file("authorized"));
  ASSERT_TRUE(account.feed_file("unauthorized_listen"));
  EXPECT_TRUE(account.todo.reconnect);
  EXPECT_EQ(account.todo.login, AccountCommands::Login::kUnchanged);
}

TEST(Alpaca, NoAnswerToAuthOrListenForTenSecondsReconnects) {
  Account account;
  account.connect();
  account.time(account.now + 9 * kSecond);
  EXPECT_FALSE(account.todo.reconnect);
  ASSERT_TRUE(account.feed_file("authorized"));
  account.time(account.now + 9 * kSecond);
  EXPECT_FALSE(account.todo.reconnect);
  account.time(account.now + kSecond);
  EXPECT_TRUE(account.todo.reconnect);
  EXPECT_EQ(account.todo.reason, "no_ack");
}

// An error that names no code is the server's.
TEST(Alpaca, TooManyConnectionsMayBeToldAsAnObject) {
  Account account;
  account.connect();
  ASSERT_TRUE(account.feed(R"({"action":"error","data":{"error_message":"connection limit exceeded","code":406}})"));
  EXPECT_FALSE(account.todo.reconnect);
  EXPECT_EQ(account.todo.wake_at, account.now + 5 * kSecond);
}

// 8: the old session is not reaped yet.
TEST(Alpaca, TooManyConnectionsWaitsFiveSecondsAndTriesAgain) {
  Account account;
  account.connect();
  ASSERT_TRUE(account.feed_file("error_406"));
  EXPECT_EQ(account.todo.login, AccountCommands::Login::kUnchanged);
  EXPECT_FALSE(account.todo.reconnect);
  ASSERT_TRUE(account.todo.wake_at);
  EXPECT_EQ(*account.todo.wake_at, account.now + 5 * kSecond);
  account.time(account.now + 4 * kSecond);
  EXPECT_THAT(account.todo.send, IsEmpty());
  account.time(account.now + kSecond);
  ASSERT_THAT(account.todo.send, SizeIs(1));
  EXPECT_EQ(account.todo.send[0].signing, Signing::kSign);
}

TEST(Alpaca, TooManyConnectionsIsWaitedForOnTheNextOneToo) {
  Account account;
  account.connect();
  ASSERT_TRUE(account.feed_file("error_406"));
  account.close(account.now + kSecond);
  account.open(account.now + kSecond);
  EXPECT_THAT(account.todo.send, IsEmpty());
  ASSERT_TRUE(account.todo.wake_at);
  account.time(*account.todo.wake_at);
  EXPECT_THAT(account.todo.send, SizeIs(1));
}

TEST(Alpaca, TooManyConnectionsForTooLongReconnects) {
  Account account;
  account.connect();
  for (int i = 1; i < 15; ++i) {
    ASSERT_TRUE(account.feed_file("error_406"));
    account.time(account.now + 5 * kSecond);
  }
  EXPECT_FALSE(account.feed_file("error_406"));
  EXPECT_TRUE(account.todo.reconnect);
  EXPECT_EQ(account.todo.reason, "connection_limit");
}

TEST(Alpaca, ErrorOfTheServerReconnects) {
  Account account;
  account.go_live();
  const auto refused = account.feed_file("server_error");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), (Error{Errc::kRefused, "500 internal server error"}));
  EXPECT_TRUE(account.todo.reconnect);
}

TEST(Alpaca, ListeningWithoutTheStreamHalts) {
  Account account;
  account.connect();
  ASSERT_TRUE(account.feed_file("authorized"));
  EXPECT_FALSE(account.feed(R"({"stream":"listening","data":{"streams":[]}})"));
  EXPECT_EQ(state_lines(account).back(), "execution HALTED refused");
}

TEST(Alpaca, ReopeningDeclaresHolesAndAsksForWhatChangedMeanwhile) {
  Account account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("new"));
  account.close(account.now + 3600 * kSecond);
  account.clear();
  account.connect();
  ASSERT_EQ(account.gaps.size(), 2U);
  EXPECT_EQ(account.gaps[0].mark.reason, "reconnect");
  ASSERT_TRUE(account.feed_file("authorized"));
  ASSERT_TRUE(account.feed_file("listening"));
  // Back to ten minutes before the last time that all was known.
  EXPECT_THAT(asked(account.todo), ElementsAre(kOpenOrders, StartsWith(kEndedOrders), "/v2/account"));
  ASSERT_TRUE(account.answer_to("recent", "[" + changed(fixture("rest_order_canceled"), kOrder, "another") + "]"));
  EXPECT_THAT(order_lines(account), ElementsAre("STATUS CANCELLED cum 790.86 leaves 0"));
  ASSERT_TRUE(account.answer_to("orders", "[]"));
  EXPECT_THAT(asked(account.todo), ElementsAre("/v2/orders/a5be8f5e-fdfa-41f5-a644-7a74fe947a8f"));
  account.clear();
  ASSERT_TRUE(account.answer_to("order/" + std::string(kOrder), fixture("rest_order_canceled")));
  EXPECT_THAT(order_lines(account), ElementsAre("CANCELLED CANCELLED cum 790.86 leaves 0"));
  EXPECT_THAT(state_lines(account), ElementsAre("execution SYNCING quantity_mismatch", "execution LIVE resubscribed"));
}

TEST(Alpaca, OrderOfThePredecessorIsAskedFor) {
  Account before;
  before.go_live();
  ASSERT_TRUE(before.feed_file("new"));
  Account account;
  account.succeed(before);
  account.connect();
  ASSERT_TRUE(account.feed_file("authorized"));
  ASSERT_TRUE(account.feed_file("listening"));
  ASSERT_TRUE(account.answer_to("recent", "[]"));
  ASSERT_TRUE(account.answer_to("orders", "[]"));
  EXPECT_THAT(asked(account.todo), ElementsAre("/v2/orders/a5be8f5e-fdfa-41f5-a644-7a74fe947a8f"));
  account.clear();
  ASSERT_TRUE(account.answer_to("order/" + std::string(kOrder), fixture("rest_order_canceled")));
  EXPECT_THAT(order_lines(account), ElementsAre("CANCELLED CANCELLED cum 790.86 leaves 0"));
  EXPECT_EQ(account.executions[0].meta.origin, schemas::Origin::kSnapshot);
  EXPECT_THAT(state_lines(account), ElementsAre("execution SYNCING quantity_mismatch", "execution LIVE subscribed"));
}

// An order that came and went while the stream said nothing.
TEST(Alpaca, EndedOrdersThatTheStreamNeverToldAreAMismatchIfTheyHaveFills) {
  Account account;
  account.go_live();
  account.time(account.now + 61 * kSecond);
  ASSERT_TRUE(account.answer_to("recent", "[" + fixture("rest_order_canceled") + "]"));
  EXPECT_THAT(order_lines(account), ElementsAre("STATUS CANCELLED cum 790.86 leaves 0"));
  EXPECT_THAT(state_lines(account), ElementsAre("execution LIVE quantity_mismatch"));
}

TEST(Alpaca, OrderThatRestTwiceDoesNotKnowIsGone) {
  Account account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("new"));
  account.time(account.now + 61 * kSecond);
  ASSERT_TRUE(account.answer_to("recent", "[]"));
  ASSERT_TRUE(account.answer_to("orders", "[]"));
  account.clear();
  ASSERT_TRUE(account.answer_to("order/" + std::string(kOrder), fixture("rest_not_found"), 404));
  EXPECT_THAT(account.executions, IsEmpty());
  ASSERT_THAT(account.todo.rest, SizeIs(1));
  EXPECT_EQ(account.todo.rest[0].not_before, account.now + 30 * kSecond);
  ASSERT_TRUE(account.answer_to("order/" + std::string(kOrder), fixture("rest_not_found"), 404));
  EXPECT_THAT(order_lines(account), ElementsAre("CANCELLED CANCELLED cum 0 leaves 0"));
}

// The stream is known to fall silent (8).
TEST(Alpaca, OrdersAreComparedEachMinuteAndALostFillIsAMismatch) {
  Account account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("new"));
  account.clear();
  account.time(account.now + 59 * kSecond);
  EXPECT_THAT(account.todo.rest, IsEmpty());
  account.time(account.now + 2 * kSecond);
  ASSERT_THAT(asked(account.todo), testing::Contains(kOpenOrders));
  ASSERT_TRUE(account.answer_to("orders", fixture("rest_orders")));
  EXPECT_THAT(order_lines(account), ElementsAre("STATUS PARTIALLY_FILLED cum 790.86 leaves 1000"));
  EXPECT_THAT(state_lines(account), ElementsAre("execution LIVE quantity_mismatch"));
  account.clear();
  ASSERT_TRUE(account.answer_to("orders", fixture("rest_orders")));
  EXPECT_THAT(account.executions, IsEmpty());
  EXPECT_THAT(account.states, IsEmpty());
}

TEST(Alpaca, RestThatLagsBehindTheStreamChangesNothing) {
  Account account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("new"));
  ASSERT_TRUE(account.feed_file("partial_fill"));
  ASSERT_TRUE(account.feed_file("fill"));
  account.clear();
  account.time(account.now + 61 * kSecond);
  ASSERT_TRUE(account.answer_to("orders", fixture("rest_orders")));
  EXPECT_THAT(account.executions, IsEmpty());
  EXPECT_THAT(account.states, IsEmpty());
}

TEST(Alpaca, LongListsComeInPages) {
  Account account;
  account.connect();
  ASSERT_TRUE(account.feed_file("authorized"));
  ASSERT_TRUE(account.feed_file("listening"));
  const std::string row = fixture("rest_orders").substr(1, fixture("rest_orders").size() - 2);
  std::string page = "[" + changed(row, kOrder, "order-0");
  for (int i = 1; i < 50; ++i) page += "," + changed(row, kOrder, "order-" + std::to_string(i));
  ASSERT_TRUE(account.answer_to("recent", "[]"));
  account.clear();
  ASSERT_TRUE(account.answer_to("orders", page + "]"));
  EXPECT_THAT(asked(account.todo),
              ElementsAre(std::string(kOpenOrders) + "&after=2022-04-19T13%3A45%3A04.980944666-04%3A00"));
  EXPECT_THAT(account.states, IsEmpty());
  // A venue that ignores the cursor does not keep us asking.
  ASSERT_TRUE(account.answer_to("orders", page + "]"));
  EXPECT_THAT(account.todo.rest, IsEmpty());
  EXPECT_EQ(account.executions.size(), 100U);
  EXPECT_THAT(state_lines(account), ElementsAre("execution LIVE subscribed"));
}

TEST(Alpaca, BalancesArePolledTenSecondsAfterAFillElseEachMinute) {
  Account account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("fill"));
  ASSERT_TRUE(account.todo.wake_at);
  EXPECT_EQ(*account.todo.wake_at, account.now + 10 * kSecond);
  account.time(*account.todo.wake_at);
  EXPECT_THAT(asked(account.todo), ElementsAre("/v2/account"));
  account.clear();
  ASSERT_TRUE(account.answer_to("account", changed(fixture("rest_account"), "-23140.2", "-23000")));
  ASSERT_TRUE(account.answer_to("positions", fixture("rest_positions")));
  EXPECT_THAT(balance_lines(account), ElementsAre("USD -23000 7386.56", "BTC 2.61937 2.5", "FB -100 -"));
  account.clear();
  account.time(account.now + 61 * kSecond);
  ASSERT_TRUE(account.answer_to("account", changed(fixture("rest_account"), "-23140.2", "-23000")));
  ASSERT_TRUE(account.answer_to("positions", R"([{"symbol":"FB","qty":"-100"}])"));
  EXPECT_THAT(balance_lines(account), ElementsAre("BTC 0 0"));  // only what is new: it was sold
}

TEST(Alpaca, OldAccountsTellBuyingPowerOnly) {
  Account account;
  account.connect();
  ASSERT_TRUE(account.feed_file("authorized"));
  ASSERT_TRUE(account.feed_file("listening"));
  ASSERT_TRUE(account.answer_to("assets", "[]"));
  ASSERT_TRUE(account.answer_to("account", R"({"currency":"USD","cash":"103160","buying_power":"412640"})"));
  EXPECT_THAT(balance_lines(account), ElementsAre("USD 103160 412640"));
}

TEST(Alpaca, GivenUpQuestionsAreToldAndAskedAgain) {
  Account account;
  account.connect();
  ASSERT_TRUE(account.feed_file("authorized"));
  ASSERT_TRUE(account.feed_file("listening"));
  account.clear();
  ASSERT_TRUE(account.answer_to("orders", "no answer", 0));
  ASSERT_TRUE(account.answer_to("recent", "[]"));
  ASSERT_TRUE(account.answer_to("assets", fixture("rest_assets")));
  ASSERT_TRUE(account.answer_to("account", "no answer", 0));
  EXPECT_THAT(state_lines(account),
              ElementsAre("execution RECOVERING orders_unknown", "balance RECOVERING balances_unknown"));
  account.time(account.now + 61 * kSecond);
  EXPECT_THAT(asked(account.todo),
              testing::UnorderedElementsAre(kOpenOrders, StartsWith("/v2/orders?status=closed"), "/v2/account"));
  account.clear();
  ASSERT_TRUE(account.answer_to("orders", "[]"));
  ASSERT_TRUE(account.answer_to("recent", "[]"));
  EXPECT_THAT(state_lines(account), ElementsAre("execution LIVE subscribed"));
}

TEST(Alpaca, UnreadableAnswersAreErrorsAndAskedAgain) {
  Account account;
  account.connect();
  ASSERT_TRUE(account.feed_file("authorized"));
  ASSERT_TRUE(account.feed_file("listening"));
  account.clear();
  const auto orders = account.answer_to("orders", changed(fixture("rest_orders"), "partially_filled", "odd"));
  ASSERT_FALSE(orders);
  EXPECT_EQ(orders.error(), (Error{Errc::kWrongType, "orders[0].status"}));
  const auto names = account.answer_to("assets", changed(fixture("rest_assets"), R"("symbol")", R"("name")"));
  ASSERT_FALSE(names);
  EXPECT_EQ(names.error(), (Error{Errc::kMissingField, "assets[0].symbol"}));
  account.time(account.now + 61 * kSecond);
  ASSERT_TRUE(account.answer_to("assets", fixture("rest_assets")));
  const auto cash = account.answer_to("account", changed(fixture("rest_account"), R"("cash")", R"("money")"));
  ASSERT_FALSE(cash);
  EXPECT_EQ(cash.error(), (Error{Errc::kMissingField, "account.cash"}));
  EXPECT_THAT(account.executions, IsEmpty());
  EXPECT_THAT(account.balances, IsEmpty());
  EXPECT_THAT(state_lines(account),
              ElementsAre("execution RECOVERING orders_unknown", "balance RECOVERING balances_unknown"));
}

TEST(Alpaca, AnswersToAnEarlierConnectionAreOfNoUse) {
  Account account;
  account.go_live();
  const std::string orders = account.key_of("orders");
  const std::string cash = account.key_of("account");
  account.close();
  ASSERT_TRUE(account.answer_key(orders, fixture("rest_orders")));
  ASSERT_TRUE(account.answer_key(cash, fixture("rest_account")));
  account.connect();
  ASSERT_TRUE(account.answer_key(orders, fixture("rest_orders")));
  ASSERT_TRUE(account.answer_key(cash, fixture("rest_account")));
  EXPECT_THAT(account.executions, IsEmpty());
  EXPECT_THAT(account.balances, IsEmpty());
}

TEST(Alpaca, ClosedConnectionRecoversAndAsksNothing) {
  Account account;
  account.go_live();
  account.close();
  EXPECT_THAT(state_lines(account), ElementsAre("execution RECOVERING connection", "balance RECOVERING connection"));
  account.time(account.now + 120 * kSecond);
  EXPECT_THAT(account.todo.rest, IsEmpty());
  EXPECT_FALSE(account.todo.wake_at);
}

TEST(Alpaca, UnknownMessagesAreCountedOnly) {
  Account account;
  account.go_live();
  ASSERT_TRUE(account.feed(R"({"stream":"account_updates","data":{}})"));
  ASSERT_TRUE(account.feed(R"([{"T":"success","msg":"connected"}])"));
  ASSERT_TRUE(account.feed("[]"));
  EXPECT_THAT(account.drops, ElementsAre("unknown_type", "unknown_type"));
}

TEST(Alpaca, HalfDeadConnectionIsOneThatIsSilentForNinetySeconds) {
  const Account account;
  const VenueLimits& limits = account.venue->capabilities().limits;
  EXPECT_EQ(limits.ping_interval_ns, 10 * kSecond);
  EXPECT_EQ(limits.silence_ns, 90 * kSecond);
}

TEST(Alpaca, PaperIsAVenueOfItsOwn) {
  const auto live = make_account_venue("alpaca", {});
  const auto paper = make_account_venue("alpaca-paper", {});
  EXPECT_EQ(live->ws_url(), "wss://api.alpaca.markets/stream");
  EXPECT_EQ(paper->ws_url(), "wss://paper-api.alpaca.markets/stream");
  EXPECT_EQ(paper->rest_url(), "https://paper-api.alpaca.markets");
  EXPECT_EQ(paper->venue_name(), "alpaca-paper");
}

}  // namespace
}  // namespace millrace::normalize::alpaca

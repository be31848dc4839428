#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/normalize/kraken/account_test.h"

// What each report of `executions` becomes.
namespace millrace::normalize::kraken {
namespace {

using schemas::Execution;
using schemas::ExecutionKind;
using schemas::Liquidity;
using schemas::OrderStatus;
using schemas::Origin;
using schemas::Side;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
namespace flag = schemas::flag;

constexpr std::string_view kOrder = "OK4GJX-KSTLS-7DZZO5";

// An account whose order of 0.005 BTC has just been announced.
struct Ordered : LiveAccount {
  Ordered() { EXPECT_TRUE(feed_file("executions_pending_new")); }
  const test::HeldExecution& last() const { return executions.back(); }
};

TEST(KrakenExecutions, AnAnnouncedOrderIsPendingWithNothingFilled) {
  Ordered kraken;
  ASSERT_THAT(kraken.executions, SizeIs(1));
  const auto& [meta, order] = kraken.last();
  EXPECT_EQ(order.kind, ExecutionKind::kPendingNew);
  EXPECT_EQ(order.status, OrderStatus::kPendingNew);
  EXPECT_EQ(order.order_id, kOrder);
  EXPECT_EQ(order.side, Side::kSell);
  EXPECT_EQ(order.order_type, "limit");
  EXPECT_EQ(order.time_in_force, "GTC");
  EXPECT_EQ(text(order.price), "26500");
  EXPECT_EQ(text(order.stop_price), "-") << "0.0 says that there is none";
  EXPECT_EQ(text(order.quantity), "0.005");
  EXPECT_EQ(text(order.cumulative_quantity), "0");
  EXPECT_EQ(text(order.leaves_quantity), "0.005");
  EXPECT_FALSE(order.unseen_order);
  EXPECT_EQ(meta.symbol, "BTC/USD");
  EXPECT_EQ(meta.instrument, "BTC-USD");
  EXPECT_EQ(meta.venue_seq, 2);
  EXPECT_EQ(meta.venue_time, 1'695'378'785'709'950'000);
  EXPECT_EQ(meta.origin, Origin::kLive);
  EXPECT_EQ(meta.flags, 0U);
}

TEST(KrakenExecutions, ASparseReportIsMadeWhole) {
  Ordered kraken;
  ASSERT_TRUE(kraken.feed_file("executions_new"));
  const auto& [meta, order] = kraken.last();
  EXPECT_EQ(order.kind, ExecutionKind::kNew);
  EXPECT_EQ(order.status, OrderStatus::kNew);
  EXPECT_EQ(order.side, Side::kSell);
  EXPECT_EQ(text(order.quantity), "0.005");
  EXPECT_EQ(meta.symbol, "BTC/USD");
  EXPECT_EQ(order.event_id, "kraken/main/OK4GJX-KSTLS-7DZZO5/NEW/1695378785709982000/-");
}

TEST(KrakenExecutions, AFillHasItsOwnQuantityPriceFeeAndTheIdThatRestGives) {
  Ordered kraken;
  ASSERT_TRUE(kraken.feed_file("executions_new"));
  ASSERT_TRUE(kraken.feed_file("executions_trade"));
  const auto& [meta, fill] = kraken.last();
  EXPECT_EQ(fill.kind, ExecutionKind::kTrade);
  EXPECT_EQ(fill.status, OrderStatus::kPartiallyFilled) << "as the venue says, although nothing is left";
  EXPECT_EQ(fill.event_id, "kraken/main/OK4GJX-KSTLS-7DZZO5/TGBB7L-HT5LX-J3BZ4A");
  EXPECT_EQ(fill.revision, 1);
  EXPECT_EQ(fill.execution_id, "TGBB7L-HT5LX-J3BZ4A");
  EXPECT_EQ(text(fill.last_quantity), "0.005");
  EXPECT_EQ(text(fill.last_price), "26599.9");
  EXPECT_EQ(text(fill.cumulative_quantity), "0.005");
  EXPECT_EQ(text(fill.leaves_quantity), "0");
  EXPECT_EQ(text(fill.average_price), "26599.9");
  EXPECT_EQ(text(fill.fee), "0.3458");
  EXPECT_EQ(fill.fee_asset, "USD");
  EXPECT_EQ(fill.liquidity, Liquidity::kTaker);
  EXPECT_EQ(text(fill.price), "26500") << "the order's limit, known from before";
  EXPECT_EQ(meta.venue_seq, 4);
  EXPECT_THAT(kraken.states, IsEmpty()) << "the quantities add up";
}

TEST(KrakenExecutions, FilledIsAStateAndNoSecondFill) {
  Ordered kraken;
  ASSERT_TRUE(kraken.feed_file("executions_new"));
  ASSERT_TRUE(kraken.feed_file("executions_trade"));
  ASSERT_TRUE(kraken.feed_file("executions_filled"));
  const Execution& order = kraken.last().body;
  EXPECT_EQ(order.kind, ExecutionKind::kStatus);
  EXPECT_EQ(order.status, OrderStatus::kFilled);
  EXPECT_FALSE(order.last_quantity);
  EXPECT_FALSE(order.fee);
  EXPECT_EQ(order.execution_id, "");
  EXPECT_EQ(text(order.leaves_quantity), "0");
  EXPECT_THAT(kraken.states, IsEmpty());
}

struct Kind {
  const char* fixture;
  ExecutionKind kind;
  OrderStatus status;
  const char* quantity;
  const char* price;
  const char* reason;
};
class KrakenKinds : public testing::TestWithParam<Kind> {};
TEST_P(KrakenKinds, EachKindOfReportIsTold) {
  Ordered kraken;
  ASSERT_TRUE(kraken.feed_file("executions_new"));
  ASSERT_TRUE(kraken.feed_file(GetParam().fixture));
  const Execution& order = kraken.last().body;
  EXPECT_EQ(order.kind, GetParam().kind);
  EXPECT_EQ(order.status, GetParam().status);
  EXPECT_EQ(text(order.quantity), GetParam().quantity);
  EXPECT_EQ(text(order.price), GetParam().price);
  EXPECT_EQ(order.reason, GetParam().reason);
  EXPECT_EQ(kraken.last().meta.symbol, "BTC/USD");
  EXPECT_THAT(kraken.drops, IsEmpty());
}
INSTANTIATE_TEST_SUITE_P(
    All, KrakenKinds,
    testing::Values(
        Kind{"executions_canceled", ExecutionKind::kCancelled, OrderStatus::kCancelled, "0.005", "26500",
             "User requested"},
        Kind{"executions_expired", ExecutionKind::kExpired, OrderStatus::kExpired, "0.005", "26500", "Expired"},
        Kind{"executions_amended", ExecutionKind::kReplaced, OrderStatus::kNew, "0.004", "26501.5", "User requested"},
        Kind{"executions_restated", ExecutionKind::kReplaced, OrderStatus::kNew, "0.003", "26500", "Position reduced"},
        Kind{"executions_status", ExecutionKind::kStatus, OrderStatus::kNew, "0.005", "26500", ""},
        Kind{"executions_iceberg_refill", ExecutionKind::kStatus, OrderStatus::kNew, "0.005", "26500", ""}),
    [](const auto& one) { return std::string(one.param.fixture); });

TEST(KrakenExecutions, AnAmendmentHoldsForWhatComesAfterIt) {
  Ordered kraken;
  ASSERT_TRUE(kraken.feed_file("executions_new"));
  ASSERT_TRUE(kraken.feed_file("executions_amended"));
  ASSERT_TRUE(kraken.feed(execution_frame("update", 5, fill_row("T1", "0.001", "0.001"))));
  EXPECT_EQ(text(kraken.last().body.quantity), "0.004");
  EXPECT_EQ(text(kraken.last().body.leaves_quantity), "0.003");
}

TEST(KrakenExecutions, TwoAmendmentsInOneMicrosecondAreTwoEvents) {
  Ordered kraken;
  const auto amended = [](const char* quantity) {
    return R"({"timestamp":"2023-09-22T10:33:30.000001Z","exec_type":"amended","order_status":"new","cum_qty":0,)"
           R"("order_id":"OK4GJX-KSTLS-7DZZO5","order_qty":)" +
           std::string(quantity) + "}";
  };
  ASSERT_TRUE(kraken.feed(execution_frame("update", 3, amended("0.004") + "," + amended("0.003"))));
  ASSERT_THAT(kraken.executions, SizeIs(3));
  EXPECT_NE(kraken.executions[1].body.event_id, kraken.executions[2].body.event_id);
}

TEST(KrakenExecutions, AnOrderNeverAnnouncedIsFlagged) {
  LiveAccount kraken;
  ASSERT_TRUE(kraken.feed(execution_frame("update", 2, fill_row("T1", "0.001", "0.003"))));
  ASSERT_THAT(kraken.executions, SizeIs(1));
  EXPECT_TRUE(kraken.executions[0].body.unseen_order);
  EXPECT_THAT(kraken.states, IsEmpty()) << "nothing is known that it could contradict";
}

TEST(KrakenExecutions, TheSnapshotTellsFillsByTimeAndThenOrders) {
  Account kraken;
  kraken.open();
  ASSERT_TRUE(kraken.feed_file("executions_snapshot"));
  ASSERT_THAT(kraken.executions, SizeIs(3));
  EXPECT_EQ(kraken.executions[0].body.execution_id, "TAAAAA-BBBBB-CCCCCC");
  EXPECT_EQ(kraken.executions[1].body.execution_id, "TBBBBB-CCCCC-DDDDDD");
  const auto& [meta, order] = kraken.executions[2];
  EXPECT_EQ(order.kind, ExecutionKind::kStatus) << "told again, not new";
  EXPECT_EQ(order.status, OrderStatus::kPartiallyFilled);
  EXPECT_EQ(text(order.cumulative_quantity), "0.3");
  EXPECT_EQ(text(order.leaves_quantity), "0.7");
  for (const auto& one : kraken.executions) {
    EXPECT_EQ(one.meta.origin, Origin::kSnapshot);
    EXPECT_EQ(one.meta.flags, flag::kSnapshot);
    EXPECT_EQ(one.meta.venue_seq, 1);
    EXPECT_FALSE(one.body.unseen_order);
  }
}

TEST(KrakenExecutions, FillsOfASnapshotAreToldOnceAndOrdersEachTime) {
  Account kraken;
  kraken.open();
  ASSERT_TRUE(kraken.feed_file("executions_snapshot"));
  kraken.close();
  kraken.clear();
  kraken.open();
  ASSERT_TRUE(kraken.feed_file("executions_snapshot"));
  ASSERT_THAT(kraken.executions, SizeIs(1));
  EXPECT_EQ(kraken.executions[0].body.kind, ExecutionKind::kStatus);
  EXPECT_THAT(kraken.drops, ElementsAre("duplicate", "duplicate"));
}

TEST(KrakenExecutions, AFillThatDoesNotAddUpTellsTheSidecar) {
  Ordered kraken;
  ASSERT_TRUE(kraken.feed(execution_frame("update", 3, fill_row("T1", "0.001", "0.001"))));
  EXPECT_THAT(kraken.states, IsEmpty());
  ASSERT_TRUE(kraken.feed(execution_frame("update", 4, fill_row("T3", "0.001", "0.003"))));
  EXPECT_THAT(state_lines(kraken), ElementsAre("execution LIVE quantity_mismatch"));
  EXPECT_EQ(text(kraken.last().body.cumulative_quantity), "0.003") << "the venue's word holds";
}

TEST(KrakenExecutions, AnEndWithMoreFilledThanWeSawTellsTheSidecar) {
  Ordered kraken;
  ASSERT_TRUE(kraken.feed(execution_frame(
      "update", 3,
      R"({"timestamp":"2023-09-22T10:34:00.000001Z","order_status":"canceled","exec_type":"canceled","cum_qty":0.002,)"
      R"("order_id":"OK4GJX-KSTLS-7DZZO5"})")));
  EXPECT_THAT(state_lines(kraken), ElementsAre("execution LIVE quantity_mismatch"));
}

TEST(KrakenExecutions, AFillOfASnapshotAddsToWhatWasKnown) {
  Ordered kraken;
  ASSERT_TRUE(kraken.feed(execution_frame("update", 3, fill_row("T1", "0.001", "0.001"))));
  kraken.close();
  kraken.clear();
  kraken.open();
  const auto old_fill = [](const char* id) {
    return R"({"order_id":"OK4GJX-KSTLS-7DZZO5","exec_type":"trade","symbol":"BTC/USD","side":"sell","last_qty":0.002,)"
           R"("last_price":26599.9,"order_status":"filled","timestamp":"2023-09-22T10:33:07.000000Z","exec_id":")" +
           std::string(id) + "\"}";
  };
  ASSERT_TRUE(kraken.feed(execution_frame("snapshot", 1, old_fill("T3") + "," + old_fill("T2"))));
  ASSERT_THAT(kraken.executions, SizeIs(2));
  EXPECT_EQ(text(kraken.executions[0].body.cumulative_quantity), "0.003");
  EXPECT_EQ(text(kraken.executions[1].body.cumulative_quantity), "0.005");
  EXPECT_FALSE(kraken.executions[1].body.unseen_order);
}

TEST(KrakenExecutions, ALiquidationIsAFillThatSaysSo) {
  LiveAccount kraken;
  std::string row = fill_row("T1", "0.001", "0.001");
  row.insert(1, R"("liquidated":true,)");
  ASSERT_TRUE(kraken.feed(execution_frame("update", 2, row)));
  EXPECT_EQ(kraken.executions.at(0).body.kind, ExecutionKind::kTrade);
  EXPECT_EQ(kraken.executions.at(0).body.reason, "liquidated");
}

TEST(KrakenExecutions, OfSeveralFeesTheOneThatIsNotZeroCounts) {
  LiveAccount kraken;
  std::string row = fill_row("T1", "0.001", "0.001");
  row.replace(row.find("\"fees\":["), 8, R"("fees":[{"asset":"KFEE","qty":0.0},)");
  ASSERT_TRUE(kraken.feed(execution_frame("update", 2, row)));
  EXPECT_EQ(text(kraken.executions.at(0).body.fee), "0.1");
  EXPECT_EQ(kraken.executions.at(0).body.fee_asset, "USD");
}

TEST(KrakenExecutions, AnUnreadableTimeIsFlagged) {
  LiveAccount kraken;
  std::string row = fill_row("T1", "0.001", "0.001");
  row.replace(row.find("2023-09-22"), 10, "2023-13-22");
  ASSERT_TRUE(kraken.feed(execution_frame("update", 2, row)));
  EXPECT_FALSE(kraken.executions.at(0).meta.venue_time);
  EXPECT_EQ(kraken.executions.at(0).meta.flags, flag::kBadVenueTime);
}

struct Broken {
  const char* name;
  const char* from;
  const char* to;
  Errc code;
  const char* where;
};
class KrakenBroken : public testing::TestWithParam<Broken> {};
TEST_P(KrakenBroken, NothingOfTheFrameIsToldAndThePlaceIsNamed) {
  LiveAccount kraken;
  const Broken& broken = GetParam();
  std::string frame =
      execution_frame("update", 2, fill_row("T1", "0.001", "0.001") + "," + fill_row("T2", "0.001", "0.002"));
  const std::size_t at = frame.rfind(broken.from);
  ASSERT_NE(at, std::string::npos);
  frame.replace(at, std::string_view(broken.from).size(), broken.to);
  const auto done = kraken.feed(frame);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error(), (Error{broken.code, broken.where}));
  EXPECT_THAT(kraken.executions, IsEmpty());
}
INSTANTIATE_TEST_SUITE_P(
    All, KrakenBroken,
    testing::Values(Broken{"no_order", "\"order_id\"", "\"order\"", Errc::kMissingField, "data[1].order_id"},
                    Broken{"no_execution", "\"exec_id\"", "\"exec\"", Errc::kMissingField, "data[1].exec_id"},
                    Broken{"no_quantity", "\"last_qty\"", "\"qty\"", Errc::kMissingField, "data[1].last_qty"},
                    Broken{"no_price", "\"last_price\"", "\"price\"", Errc::kMissingField, "data[1].last_price"},
                    Broken{"price_is_a_list", "26599.9", "[1]", Errc::kWrongType, "data[1].last_price"},
                    Broken{"price_is_a_word", "26599.9", "\"much\"", Errc::kBadNumber, "data[1].last_price"},
                    Broken{"new_kind", "\"trade\"", "\"swap\"", Errc::kWrongType, "data[1].exec_type"},
                    Broken{"new_status", "partially_filled", "frozen", Errc::kWrongType, "data[1].order_status"},
                    Broken{"fee_without_asset", "\"asset\"", "\"of\"", Errc::kMissingField, "data[1].fees"},
                    Broken{"no_sequence", "\"sequence\"", "\"number\"", Errc::kMissingField, "sequence"},
                    Broken{"new_type", "\"update\"", "\"patch\"", Errc::kWrongType, "type"}),
    [](const auto& one) { return std::string(one.param.name); });

TEST(KrakenExecutions, AnUnknownWordInASnapshotLosesNoOrder) {
  LiveAccount kraken;
  kraken.close();
  kraken.open();
  kraken.clear();
  ASSERT_TRUE(kraken.feed(execution_frame("snapshot", 1,
                                          R"({"order_id":"O1","symbol":"BTC/USD","exec_type":"paused",)"
                                          R"("order_status":"paused","timestamp":"2023-09-22T10:33:06.000000Z"})")));
  ASSERT_THAT(kraken.executions, SizeIs(1));
  EXPECT_EQ(kraken.executions[0].body.kind, ExecutionKind::kStatus);
  EXPECT_EQ(kraken.executions[0].body.status, OrderStatus::kUnspecified);
}

TEST(KrakenExecutions, EveryCutOfAMessageIsAnError) {
  LiveAccount kraken;
  const std::string frame = execution_frame("update", 2, fill_row("T1", "0.001", "0.001"));
  for (std::size_t size = 0; size < frame.size(); ++size) {
    ASSERT_FALSE(kraken.feed(std::string_view(frame).substr(0, size))) << size;
  }
  EXPECT_THAT(kraken.executions, IsEmpty());
  EXPECT_TRUE(kraken.feed(frame));
}

TEST(KrakenExecutions, TwoAccountsShareNoEventId) {
  LiveAccount kraken;
  test::AccountHarness other("kraken", "second");
  other.open();
  const std::string frame = execution_frame("update", 2, fill_row("T1", "0.001", "0.001"));
  ASSERT_TRUE(kraken.feed(frame));
  ASSERT_TRUE(other.feed(frame));
  EXPECT_NE(kraken.executions.at(0).body.event_id, other.executions.at(0).body.event_id);
}

}  // namespace
}  // namespace millrace::normalize::kraken

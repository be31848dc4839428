// The quantities and sweeps of the account's tape, each broken in a way that the verifier must notice.

#include <gmock/gmock.h>

#include "cli/verify/account/account_check.h"
#include "tests/unit/cli/verify_account_tape.h"

namespace millrace::cli {
namespace {

using namespace testing;  // of the tape
using ::testing::Contains;
using ::testing::HasSubstr;

// --- orders ---

TEST(VerifyAccountSums, AnOrderIsNotFilledBeyondItsQuantity) {
  const auto report = with(4, [](auto& fill) { set_state(fill, v1::ORDER_STATUS_FILLED, 3, 4); });
  EXPECT_THAT(part(report, "execution").problems, Contains(HasSubstr("has 4 filled of 3")));
  EXPECT_FALSE(report.ok());
}

TEST(VerifyAccountSums, WhatIsLeftIsWhatIsNotFilled) {
  EXPECT_FALSE(with(3, [](auto& fill) { set(*fill.mutable_leaves_quantity(), 1); }).ok());
  EXPECT_FALSE(with(3, [](auto& fill) { set(*fill.mutable_leaves_quantity(), -2); }).ok());
  EXPECT_TRUE(with(3, [](auto& fill) { fill.clear_leaves_quantity(); }).ok());
  auto cancelled = report(6, v1::EXECUTION_KIND_CANCELLED, "O-2", "kraken/main/O-2/CANCELLED");
  set_state(cancelled, v1::ORDER_STATUS_CANCELLED, 5, 0);
  set(*cancelled.mutable_leaves_quantity(), 0);
  EXPECT_TRUE(with_also(cancelled).ok());
}

TEST(VerifyAccountSums, FilledQuantityGoesBackOnlyWithABust) {
  auto tape = account_tape();
  auto late = report(6, v1::EXECUTION_KIND_NEW, "O-1", "kraken/main/O-1/late");
  set_state(late, v1::ORDER_STATUS_NEW, 3, 0);
  add(tape, late);
  auto last = report(7, v1::EXECUTION_KIND_STATUS, "O-1", "kraken/main/O-1/last");
  set_state(last, v1::ORDER_STATUS_FILLED, 3, 3);
  add(tape, last);
  const auto broken = verify(tape);
  EXPECT_FALSE(broken.ok());
  EXPECT_THAT(part(broken, "execution").problems, Contains(HasSubstr("a NEW says that 0 is filled, after 3 was")));

  auto bust = second_copy(fill_one(), 8);
  bust.set_kind(v1::EXECUTION_KIND_TRADE_CANCEL);
  bust.set_revision(3);
  set_state(bust, v1::ORDER_STATUS_FILLED, 3, 2);
  add(tape, bust);
  EXPECT_TRUE(verify(tape).ok()) << verify(tape).to_table(true);
}

TEST(VerifyAccountSums, CompleteMeansThatTheFillsAddUp) {
  auto tape = account_tape();
  tape.drop(replayed_record(tape));
  auto report = verify(tape);
  EXPECT_FALSE(report.ok());
  EXPECT_THAT(part(report, "execution").problems,
              Contains(HasSubstr("order O-1: its fills add up to 2 of 3, and the account is said to be complete")));
  // A sweep that did not get so far has promised nothing.
  for (auto& record : tape.records) {
    if (record.topic != kRecoveries) continue;
    auto told = Tape::parse<v1::Recovery>(record);
    if (told.has_watermark_ns()) told.set_watermark_ns(kStart);
    record.value = told.SerializeAsString();
  }
  report = verify(tape);
  EXPECT_TRUE(report.ok()) << report.to_table(true);
  EXPECT_EQ(part(report, "execution").account->orders_short, 1);
  EXPECT_THAT(report.to_table(false), HasSubstr("1 orders have fewer fills than they tell"));
}

TEST(VerifyAccountSums, WhatWasSweptWhileReadingMayBeInAPartThatWasReadBefore) {
  auto tape = account_tape();
  tape.drop(replayed_record(tape));
  VerifierOptions options;
  options.read_from_ns = kStart + 36 * kSecond;
  EXPECT_TRUE(tape.verify(options).ok()) << tape.verify(options).to_table(true);
  add(tape, replayed(fill_two(), 2, 1));  // an instance whose first word comes when its topic was read already
  EXPECT_TRUE(tape.verify(options).ok()) << tape.verify(options).to_table(true);
}

TEST(VerifyAccountSums, WhatHappenedBeforeTheFirstSweepsRangeIsNotPromised) {
  auto tape = account_tape();
  tape.drop(replayed_record(tape));
  for (auto& record : tape.records) {
    if (record.topic != kRecoveries) continue;
    auto told = Tape::parse<v1::Recovery>(record);
    told.set_from_ns(kStart);
    record.value = told.SerializeAsString();
  }
  EXPECT_TRUE(verify(tape).ok()) << verify(tape).to_table(true);
}

// A watermark is the venue's time.
TEST(VerifyAccountSums, TheVenuesClockMayBeAheadOfOurs) {
  for (const std::int64_t ahead : {10, 40}) {
    auto tape = account_tape();
    tape.drop(replayed_record(tape));
    tape.alter<v1::Execution>(kExecutions, 2, [&](auto& order) {
      order.mutable_meta()->set_venue_time_ns(order.meta().receive_time_ns() + ahead * kSecond);
    });
    EXPECT_EQ(verify(tape).ok(), ahead == 40) << ahead;
  }
}

TEST(VerifyAccountSums, WhatNoLongerFitsIntoMemoryIsNotJudged) {
  for (const std::size_t kept : {1U, 10U}) {
    AccountMemory memory{ToldEvents(kept), OrderCheck()};
    AccountCheck check(memory);
    SequenceCheck numbers;
    AccountReader reader;
    SeenMeta meta;
    SeenExecution seen;
    std::int64_t offset = 0;
    for (auto execution : {report(1, v1::EXECUTION_KIND_NEW, "O-1", "kraken/main/O-1/NEW"), fill_one(), fill_one()}) {
      execution.mutable_meta()->set_seq(++offset);
      set_state(execution, v1::ORDER_STATUS_FILLED, 1, offset == 1 ? 0 : 1);
      ASSERT_TRUE(reader.read(execution.SerializeAsString(), meta, seen));
      seen.event_id += kept == 1 ? "" : "/" + std::to_string(offset);
      check.on_execution(numbers, meta, seen, {offset - 1, false, true});
      if (kept == 1) memory.events.on_event(std::to_string(offset), 1, {});  // another account's
    }
    check.finish(numbers, kStart, kStart);
    memory.orders.add_up([&](const OrderCheck::Sum& sum) { check.on_sum(sum); });
    EXPECT_EQ(check.executions().fills, 2);
    EXPECT_EQ(check.executions().wrong, kept == 1 ? 0 : 1) << ::testing::PrintToString(check.execution_problems());
  }
}

TEST(VerifyAccountSums, AFillUnderTwoIdsIsTooMany) {
  auto tape = account_tape();
  auto again = replayed(fill_one(), 1, 2);
  again.set_event_id("kraken/main/O-1/trade-1");
  add(tape, again);
  const auto report = verify(tape);
  EXPECT_FALSE(report.ok());
  EXPECT_THAT(part(report, "execution").problems,
              Contains(HasSubstr("order O-1: its fills add up to 4, its quantity is 3")));
}

TEST(VerifyAccountSums, AnOrderThatEndedHasNoMoreFillsThanItEndedWith) {
  auto tape = account_tape();
  auto cancelled = report(6, v1::EXECUTION_KIND_CANCELLED, "O-2", "kraken/main/O-2/CANCELLED");
  set_state(cancelled, v1::ORDER_STATUS_CANCELLED, 5, 0);
  add(tape, cancelled);
  auto fill = replayed(fill_two(), 1, 2);
  fill.set_order_id("O-2");
  fill.set_event_id("kraken/main/O-2/f-4");
  add(tape, fill);
  const auto broken = verify(tape);
  EXPECT_THAT(part(broken, "execution").problems, Contains(HasSubstr("add up to 1, and it ended with 0")));
}

TEST(VerifyAccountSums, AnOrderThatTheVenueForgotMayHaveMoreFillsThanWereTold) {
  auto tape = account_tape();
  auto end = report(6, v1::EXECUTION_KIND_STATUS, "O-2", "kraken/main/O-2/STATUS");
  set_state(end, v1::ORDER_STATUS_CANCELLED, 5, 0);
  end.set_reason("unknown_to_venue");
  add(tape, end);
  auto fill = replayed(fill_two(), 1, 2);
  fill.set_order_id("O-2");
  fill.set_event_id("kraken/main/O-2/f-4");
  add(tape, fill);
  EXPECT_TRUE(verify(tape).ok()) << verify(tape).to_table(true);
}

// --- balances ---

TEST(VerifyAccountSums, TotalIsAvailableAndLocked) {
  auto tape = account_tape();
  tape.alter<v1::Balance>(kBalances, 1, [](auto& balance) { balance.mutable_total()->set_text("1000.00000000001"); });
  EXPECT_FALSE(verify(tape).ok());
  tape.alter<v1::Balance>(kBalances, 1, [](auto& balance) { balance.clear_locked(); });
  EXPECT_TRUE(verify(tape).ok()) << verify(tape).to_table(true);
  tape.alter<v1::Balance>(kBalances, 1, [](auto& balance) { balance.clear_asset(); });
  EXPECT_FALSE(verify(tape).ok());
}

TEST(VerifyAccountSums, ABalancesIdHasOneContent) {
  auto tape = account_tape();
  auto again = Tape::parse<v1::Balance>(tape.at<v1::Balance>(kBalances, 2));
  again.mutable_meta()->set_seq(3);
  set(*again.mutable_total(), 800);  // the latest holds
  add(tape, again);
  EXPECT_TRUE(verify(tape).ok()) << verify(tape).to_table(true);
  again.mutable_meta()->set_seq(4);
  set(*again.mutable_change(), -200);
  add(tape, again);
  EXPECT_FALSE(verify(tape).ok());
}

// --- the sidecar ---

TEST(VerifyAccountSums, WhoReplaysTellsOfItsSweeps) {
  auto tape = account_tape();
  add(tape, replayed(fill_two(), 2, 1));
  const auto report = verify(tape);
  EXPECT_FALSE(report.ok());
  EXPECT_THAT(part(report, "execution").problems, Contains(HasSubstr("instance 2 of the sidecar replayed fills")));
  // What the broker no longer keeps may have told of them.
  for (auto& record : tape.records) record.offset += record.topic == kRecoveries ? 10 : 0;
  tape.ends[kRecoveries] += 10;
  EXPECT_TRUE(verify(tape).ok()) << verify(tape).to_table(true);
}

// Found by a sweep after that of the tape, and made before its watermark.
Tape late_fill(std::int64_t told) {
  auto tape = account_tape();
  add(tape, sweep(v1::RECOVERY_PHASE_STARTED, 1, 2));
  auto fill = replayed(fill_two(), 1, 2);
  fill.set_order_id("O-3");
  fill.set_event_id("kraken/main/O-3/f-7");
  fill.mutable_meta()->set_publish_time_ns(kStart + 40 * kSecond);
  add(tape, fill);
  auto end = sweep(v1::RECOVERY_PHASE_COMPLETED, 1, 2);
  end.mutable_meta()->set_receive_time_ns(kStart + 41 * kSecond);
  end.set_late_fills(told);
  add(tape, end);
  return tape;
}

TEST(VerifyAccountSums, AFillBelowTheWatermarkIsCountedByItsSweep) {
  const auto silent = verify(late_fill(0));
  EXPECT_FALSE(silent.ok());
  EXPECT_THAT(part(silent, "execution").problems, Contains(HasSubstr("1 fills of instance 1 are below an earlier")));
  const auto told = verify(late_fill(1));
  EXPECT_TRUE(told.ok()) << told.to_table(true);
  EXPECT_EQ(part(told, "recovery").account->late_fills, 1);
  EXPECT_THAT(told.to_table(false), HasSubstr("1 fills told late"));
  // The sweep that found it has not ended.
  auto under_way = late_fill(0);
  under_way.records.pop_back();
  EXPECT_TRUE(verify(under_way).ok());
}

v1::Execution after_a_hole(std::int64_t seconds) {
  auto order = report(6, v1::EXECUTION_KIND_STATUS, "O-2", "kraken/main/O-2/hole");
  order.mutable_meta()->set_receive_time_ns(kStart + seconds * kSecond);
  order.mutable_meta()->set_publish_time_ns(kStart + seconds * kSecond);
  order.mutable_meta()->add_gap()->set_kind(v1::GAP_KIND_VENUE);
  return order;
}

TEST(VerifyAccountSums, AHoleIsProvenByASweepThatPassedIt) {
  EXPECT_EQ(part(with_also(after_a_hole(20)), "execution").account->unproven_gaps, 0);
  const auto report = with_also(after_a_hole(50));
  EXPECT_TRUE(report.ok()) << report.to_table(true);
  EXPECT_EQ(part(report, "execution").account->unproven_gaps, 1);
  EXPECT_EQ(part(report, "execution").account->not_proven_since_ns, kStart + 50 * kSecond);
  EXPECT_THAT(report.to_table(false), HasSubstr("kraken/main: not proven since 2025-07-20T08:27:30Z: 1 holes"));
}

TEST(VerifyAccountSums, AHoleThatOnlyHeartbeatsTellOfIsNotProvenEither) {
  auto tape = account_tape();
  for (const std::int64_t second : {50, 51}) {
    auto heartbeat = beat(second, 7, 6, 4);
    heartbeat.mutable_stream(0)->add_gap()->set_kind(v1::GAP_KIND_VENUE);
    add(tape, heartbeat);
  }
  auto report = verify(tape);
  EXPECT_EQ(part(report, "execution").account->not_proven_since_ns, kStart + 50 * kSecond);
  // Until the record behind it tells of it, later, or a sweep has passed it.
  add(tape, after_a_hole(55));
  report = verify(tape);
  EXPECT_EQ(part(report, "execution").account->unproven_gaps, 1);
}

TEST(VerifyAccountSums, WithoutASweepNothingIsProven) {
  auto tape = account_tape();
  std::erase_if(tape.records, [](const TapeRecord& record) { return record.topic == kRecoveries; });
  tape.drop(replayed_record(tape));
  tape.ends.erase(kRecoveries);
  add(tape, after_a_hole(20));
  const auto report = verify(tape);
  EXPECT_TRUE(report.ok()) << report.to_table(true);
  EXPECT_EQ(part(report, "execution").account->unproven_gaps, 1);
  EXPECT_THAT(report.to_table(false), HasSubstr("; no sweep"));
}

}  // namespace
}  // namespace millrace::cli

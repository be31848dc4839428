// A tape of an account on which every promise holds, and each kind of damage to it: every one must make the verifier
// say no.

#include <gmock/gmock.h>

#include <array>

#include "tests/unit/cli/verify_account_tape.h"

namespace millrace::cli {
namespace {

using namespace testing;  // of the tape
using ::testing::Contains;
using ::testing::HasSubstr;

TEST(VerifyAccount, AGoodTapeKeepsEveryPromise) {
  const auto report = verify(account_tape());
  EXPECT_TRUE(report.ok()) << report.to_table(true);
  EXPECT_EQ(report.account_errors(), 0);
  EXPECT_EQ(report.total().records, 10);
  EXPECT_EQ(report.total().duplicates, 0);
  const AccountTally& executions = *part(report, "execution").account;
  EXPECT_EQ(executions.live, 4);
  EXPECT_EQ(executions.snapshot, 1);
  EXPECT_EQ(executions.replay, 1);
  EXPECT_EQ(executions.fills, 3);
  EXPECT_EQ(executions.repeated, 0);
  EXPECT_EQ(executions.orders_added, 2);
  EXPECT_EQ(executions.orders_short, 0);
  EXPECT_EQ(executions.unproven_gaps, 0);
  const AccountTally& sweeps = *part(report, "recovery").account;
  EXPECT_EQ(sweeps.completed, 1);
  EXPECT_EQ(sweeps.complete_through_ns, kWatermark);
  EXPECT_EQ(part(report, "balance").account->snapshot, 1);
}

TEST(VerifyAccount, TheReportSaysSoInWordsAndInJson) {
  const auto report = verify(account_tape());
  EXPECT_THAT(report.to_table(false), HasSubstr("kraken/main: 3 fills, each event_id once"));
  EXPECT_THAT(report.to_table(false), HasSubstr("4 live, 1 snapshot, 1 replayed; 1 sweeps (0 failed), complete through "
                                                "2025-07-20T08:27:10Z"));
  EXPECT_THAT(report.to_json(), HasSubstr(R"("account_errors":0)"));
  EXPECT_THAT(report.to_json(), HasSubstr(R"("fills":3)"));
  const auto broken = with(3, [](auto& fill) { fill.set_revision(0); });
  EXPECT_THAT(broken.to_table(false), HasSubstr("BROKEN"));
  EXPECT_THAT(broken.to_json(), HasSubstr(R"("account_errors":1)"));
}

TEST(VerifyAccount, AnAccountMayBeExpected) {
  VerifierOptions options;
  options.expected = {{"kraken", "execution", "MAIN"}, {"kraken", "balance", "main"}, {"kraken", "recovery", "main"}};
  EXPECT_TRUE(verify(account_tape(), options).ok());
  options.expected.push_back({"kraken", "execution", "other"});
  const auto report = verify(account_tape(), options);
  EXPECT_FALSE(report.ok());
  EXPECT_THAT(report.missing, ::testing::ElementsAre("kraken/execution/other"));
}

// --- bytes, place and time ---

TEST(VerifyAccount, BytesAndNumbersThatCannotBeReadAreRefused) {
  auto tape = account_tape();
  tape.at<v1::Execution>(kExecutions, 3).value = "\xff\xff";
  EXPECT_EQ(verify(tape).undecodable, 1);
  EXPECT_EQ(with(3, [](auto& fill) { fill.mutable_fee()->set_text("many"); }).undecodable, 1);
  EXPECT_EQ(with(3, [](auto& fill) { set(*fill.mutable_price(), 1, 2'000'000'000); }).undecodable, 1);
  EXPECT_FALSE(with(3, [](auto& fill) { fill.mutable_fee()->set_text("many"); }).ok());
  auto sweeps = account_tape();
  sweeps.at<v1::Recovery>(kRecoveries, 1).value = v1::Recovery{}.SerializeAsString();
  EXPECT_EQ(verify(sweeps).undecodable, 1);
}

TEST(VerifyAccount, AnotherKeyVenueOrPartitionIsMisplaced) {
  for (const auto& topic : {kExecutions, kBalances, kRecoveries}) {
    auto tape = account_tape();
    for (auto& record : tape.records) {
      if (record.topic == topic) record.key = "other";
    }
    EXPECT_GT(verify(tape).misplaced, 0) << topic;
    EXPECT_FALSE(verify(tape).ok()) << topic;
  }
  auto tape = account_tape();
  tape.at<v1::Execution>(kExecutions, 4).partition = 1;
  EXPECT_EQ(verify(tape).misplaced, 1);
  EXPECT_EQ(with(4, [](auto& fill) { fill.mutable_meta()->set_venue("alpaca"); }).misplaced, 1);
}

TEST(VerifyAccount, TimesMustBePossible) {
  const auto at = [](std::int64_t receive, std::int64_t publish) {
    return with(3,
                [=](auto& fill) {
                  fill.mutable_meta()->set_receive_time_ns(receive);
                  fill.mutable_meta()->set_publish_time_ns(publish);
                })
        .account_errors();
  };
  EXPECT_EQ(at(kStart, kStart - kSecond), 0);  // a clock that was set back
  EXPECT_EQ(at(kStart, kStart - kSecond - 1), 1);
  EXPECT_EQ(at(0, kStart), 1);
  EXPECT_EQ(at(kStart + 100 * kSecond, kStart + 100 * kSecond), 0);  // reading ended at 62 s
  EXPECT_EQ(at(kStart + 130 * kSecond, kStart + 130 * kSecond), 1);
}

TEST(VerifyAccount, EveryRecordSaysHowItIsKnownAndWhatHappened) {
  EXPECT_FALSE(with(3, [](auto& fill) { fill.mutable_meta()->clear_origin(); }).ok());
  EXPECT_FALSE(with(2, [](auto& order) { order.clear_kind(); }).ok());
  EXPECT_FALSE(with(2, [](auto& order) { order.clear_revision(); }).ok());
  EXPECT_TRUE(with(2, [](auto& order) { order.set_kind(static_cast<v1::ExecutionKind>(99)); }).ok());  // newer than we
  EXPECT_TRUE(with(2, [](auto& order) { order.mutable_meta()->set_origin(v1::ORIGIN_HISTORY); }).ok());
}

// --- numbers ---

TEST(VerifyAccount, ADroppedRecordIsLost) {
  auto tape = account_tape();
  tape.drop(tape.at<v1::Execution>(kExecutions, 2));
  EXPECT_EQ(verify(tape).total().lost, 1);
  auto balances = account_tape();
  balances.drop(balances.at<v1::Balance>(kBalances, 2));
  EXPECT_EQ(verify(balances).total().lost, 1);
  EXPECT_FALSE(verify(balances).ok());
}

TEST(VerifyAccount, ADroppedRecordOfTheSidecarIsLost) {
  auto tape = account_tape();
  add(tape, replayed(fill_two(), 1, 3));
  const auto report = verify(tape);
  EXPECT_FALSE(report.ok());
  EXPECT_EQ(report.total().lost, 1);
  EXPECT_THAT(part(report, "execution").problems, Contains(HasSubstr("sidecar: epoch 1: seqs 2 to 2 are missing")));
}

TEST(VerifyAccount, ARecordSentTwiceMustSaySo) {
  auto tape = account_tape();
  tape.add(kExecutions, "main", tape.at<v1::Execution>(kExecutions, 4).value).resent = true;
  const auto report = verify(tape);
  EXPECT_TRUE(report.ok()) << report.to_table(true);
  EXPECT_EQ(report.total().duplicates, 1);
  EXPECT_EQ(part(report, "execution").account->repeated, 1);
  EXPECT_EQ(part(report, "execution").account->fills, 3);
  tape.records.back().resent = false;
  EXPECT_FALSE(verify(tape).ok());
}

TEST(VerifyAccount, ARecordOfTheSidecarSentTwiceMustSaySo) {
  auto tape = account_tape();
  tape.add(kExecutions, "main", replayed_record(tape).value).resent = true;
  EXPECT_TRUE(verify(tape).ok()) << verify(tape).to_table(true);
  tape.records.back().resent = false;
  const auto report = verify(tape);
  EXPECT_FALSE(report.ok());
  EXPECT_EQ(report.total().unexplained_duplicates, 1);
}

TEST(VerifyAccount, TheSidecarsNumbersAreNotTheWorkers) {
  auto tape = account_tape();
  add(tape, replayed(fill_two(), 7, 1));  // an instance as high as the worker's epoch
  add(tape, sweep(v1::RECOVERY_PHASE_STARTED, 7, 1));
  const auto report = verify(tape);
  EXPECT_TRUE(report.ok()) << report.to_table(true);
  EXPECT_EQ(part(report, "execution").account->repeated, 1);
}

// What the predecessor left on disk, in the epoch 8 of a worker that begins with it.
struct Leftover {
  Tape tape = account_tape();
  Leftover() {
    for (const std::int64_t seq : {1, 2}) add(tape, replayed(fill_one(), 8, seq));
  }
  void go_on() {
    auto next = second_copy(fill_one(), 3);
    next.mutable_meta()->set_epoch(8);
    add(tape, next);
  }
};

TEST(VerifyAccount, AWorkerMayBeginWithWhatItsPredecessorLeft) {
  Leftover leftover;
  leftover.go_on();
  const auto report = verify(leftover.tape);
  EXPECT_TRUE(report.ok()) << report.to_table(true);
  EXPECT_EQ(report.total().lost, 0);
}

TEST(VerifyAccount, AHeartbeatAloneMayShowThatTheWorkerWentOnBehindThem) {
  Leftover leftover;
  add(leftover.tape, beat(3, 8, 3, 7));
  const auto report = verify(leftover.tape);
  EXPECT_TRUE(report.ok()) << report.to_table(true);
  // Without it they are an instance's, and it tells of no sweep.
  EXPECT_FALSE(verify(Leftover().tape).ok());
}

TEST(VerifyAccount, AnInstanceMayHaveTheNumbersOfSuchAWorker) {
  Leftover leftover;
  for (const std::int64_t seq : {1, 2, 3}) add(leftover.tape, replayed(fill_one(), 8, seq));
  add(leftover.tape, sweep(v1::RECOVERY_PHASE_STARTED, 8, 1));
  leftover.go_on();
  EXPECT_TRUE(verify(leftover.tape).ok()) << verify(leftover.tape).to_table(true);
  add(leftover.tape, replayed(fill_one(), 8, 3));
  EXPECT_EQ(verify(leftover.tape).total().unexplained_duplicates, 1);
}

TEST(VerifyAccount, ALeftoverThatIsMissingIsLost) {
  auto tape = account_tape();
  add(tape, replayed(fill_one(), 8, 1));
  auto next = second_copy(fill_one(), 3);
  next.mutable_meta()->set_epoch(8);
  add(tape, next);
  EXPECT_FALSE(verify(tape).ok());
  EXPECT_EQ(verify(tape).total().lost, 2);
}

// --- ids and contents ---

TEST(VerifyAccount, AnIdIsOfItsVenueAndAccount) {
  EXPECT_FALSE(with(3, [](auto& fill) { fill.clear_event_id(); }).ok());
  EXPECT_FALSE(with(3, [](auto& fill) { fill.set_event_id("kraken/other/O-1/f-1"); }).ok());
}

TEST(VerifyAccount, ACopyMaySayLessAndSpellNumbersOtherwise) {
  auto copy = second_copy(fill_one(), 6);
  set(*copy.mutable_last_price(), 10'000, -2);
  copy.mutable_last_quantity()->set_text("1.000");
  copy.clear_side();
  copy.set_fee_asset("USD");
  set(*copy.mutable_fee(), 25, -2);
  const auto report = with_also(copy);
  EXPECT_TRUE(report.ok()) << report.to_table(true);
  EXPECT_EQ(part(report, "execution").account->repeated, 1);
  EXPECT_EQ(part(report, "execution").account->fills, 3);
}

TEST(VerifyAccount, AnIdWithTwoContentsIsWrongWhateverDiffers) {
  const std::array<Change, 7> changes{[](auto& fill) { fill.mutable_meta()->set_symbol("ETH/USD"); },
                                      [](auto& fill) { fill.set_side(v1::SIDE_SELL); },
                                      [](auto& fill) { fill.set_order_id("O-2"); },
                                      [](auto& fill) { fill.set_kind(v1::EXECUTION_KIND_LIQUIDATION); },
                                      [](auto& fill) { set(*fill.mutable_last_quantity(), 2); },
                                      [](auto& fill) { set(*fill.mutable_last_price(), 101); },
                                      [](auto& fill) { set(*fill.mutable_fee(), 1); }};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    auto tape = account_tape();
    tape.alter<v1::Execution>(kExecutions, 3, [](auto& fill) { set(*fill.mutable_fee(), 2); });
    auto copy = second_copy(fill_one(), 6);
    changes[i](copy);
    add(tape, copy);
    const auto report = verify(tape);
    EXPECT_FALSE(report.ok()) << i;
    EXPECT_THAT(part(report, "execution").problems, Contains(HasSubstr("has two contents"))) << i;
  }
}

TEST(VerifyAccount, AnotherRevisionMaySayOtherwise) {
  auto richer = second_copy(fill_one(), 6);
  richer.set_revision(2);
  set(*richer.mutable_fee(), 1);
  const auto report = with_also(richer);
  EXPECT_TRUE(report.ok()) << report.to_table(true);
  EXPECT_EQ(part(report, "execution").account->fills, 3);
  EXPECT_EQ(part(report, "execution").account->repeated, 0);
}

TEST(VerifyAccount, CorrectionsHaveARevisionOfTheirOwnAndTheirFillsId) {
  auto correction = second_copy(fill_one(), 6);
  correction.set_kind(v1::EXECUTION_KIND_TRADE_CORRECTION);
  set(*correction.mutable_last_price(), 99);
  correction.set_revision(2);
  EXPECT_FALSE(with_also(correction).ok());
  correction.set_revision(3);
  auto report = with_also(correction);
  EXPECT_TRUE(report.ok()) << report.to_table(true);
  EXPECT_EQ(part(report, "execution").account->corrected, 1);
  EXPECT_EQ(part(report, "execution").account->unfounded, 0);
  // Of a fill that the stream missed, and REST no longer has.
  correction.set_event_id("kraken/main/O-1/f-9");
  report = with_also(correction);
  EXPECT_TRUE(report.ok()) << report.to_table(true);
  EXPECT_EQ(part(report, "execution").account->unfounded, 1);
}

}  // namespace
}  // namespace millrace::cli

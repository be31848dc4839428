#include "tests/unit/cli/verify_account_tape.h"

namespace millrace::cli::testing {
namespace {

constexpr std::int64_t kEpoch = 7;
constexpr std::int64_t kDay = 86'400 * kSecond;

void set_meta(v1::Meta& meta, std::int64_t epoch, std::int64_t seq) {
  meta.set_venue("kraken");
  meta.set_account("main");
  meta.set_epoch(epoch);
  meta.set_seq(seq);
  meta.set_receive_time_ns(kStart + seq * 100 * kMillisecond);
  meta.set_publish_time_ns(meta.receive_time_ns());
  meta.set_origin(v1::ORIGIN_LIVE);
  if (seq == 1) meta.add_gap()->set_kind(v1::GAP_KIND_RESTART);
}

v1::Balance balance(std::int64_t seq, v1::BalanceKind kind, const std::string& asset) {
  v1::Balance out;
  set_meta(*out.mutable_meta(), kEpoch, seq);
  out.set_kind(kind);
  out.set_asset(asset);
  return out;
}

void add_balances(Tape& tape) {
  auto snapshot = balance(1, v1::BALANCE_KIND_SNAPSHOT, "USD");
  snapshot.mutable_meta()->set_origin(v1::ORIGIN_SNAPSHOT);
  set(*snapshot.mutable_total(), 1000);
  set(*snapshot.mutable_available(), 9005, -1);
  set(*snapshot.mutable_locked(), 995, -1);
  add(tape, snapshot);
  auto change = balance(2, v1::BALANCE_KIND_CHANGE, "USD");
  change.set_event_id("kraken/main/ledger/L-1");
  set(*change.mutable_total(), 900);
  set(*change.mutable_change(), -100);
  add(tape, change);
  auto heartbeat = beat(2, kEpoch, 3, 1);
  heartbeat.set_dataset("balance");
  add(tape, heartbeat);
}

v1::Execution fill_three() {
  auto fill = report(4, v1::EXECUTION_KIND_TRADE, "O-1", "kraken/main/O-1/f-3");
  set_fill(fill, 1, 102);
  set_state(fill, v1::ORDER_STATUS_FILLED, 3, 3);
  return fill;
}

}  // namespace

void set(v1::Decimal& number, std::int64_t mantissa, std::int32_t exponent) {
  number.set_mantissa(mantissa);
  number.set_exponent(exponent);
}

void set_fill(v1::Execution& fill, std::int64_t quantity, std::int64_t price) {
  set(*fill.mutable_last_quantity(), quantity);
  set(*fill.mutable_last_price(), price);
}

void set_state(v1::Execution& report, v1::OrderStatus status, std::int64_t quantity, std::int64_t filled) {
  report.set_status(status);
  set(*report.mutable_quantity(), quantity);
  set(*report.mutable_cumulative_quantity(), filled);
  set(*report.mutable_leaves_quantity(), quantity - filled);
}

v1::Execution report(std::int64_t seq, v1::ExecutionKind kind, const std::string& order, const std::string& id) {
  v1::Execution out;
  set_meta(*out.mutable_meta(), kEpoch, seq);
  out.mutable_meta()->set_symbol("BTC/USD");
  out.mutable_meta()->set_instrument("BTC-USD");
  out.mutable_meta()->set_venue_time_ns(out.meta().receive_time_ns() - 5 * kMillisecond);
  out.set_kind(kind);
  out.set_order_id(order);
  out.set_event_id(id);
  out.set_revision(1);
  out.set_side(v1::SIDE_BUY);
  return out;
}

v1::Execution fill_one() {
  auto fill = report(3, v1::EXECUTION_KIND_TRADE, "O-1", "kraken/main/O-1/f-1");
  set_fill(fill, 1, 100);
  set_state(fill, v1::ORDER_STATUS_PARTIALLY_FILLED, 3, 1);
  return fill;
}

// As REST tells it: without the order's state.
v1::Execution fill_two() {
  auto fill = report(3, v1::EXECUTION_KIND_TRADE, "O-1", "kraken/main/O-1/f-2");
  set_fill(fill, 1, 101);
  return replayed(fill, 1, 1);
}

v1::Execution replayed(v1::Execution fill, std::int64_t instance, std::int64_t seq) {
  const std::int64_t venue_time = fill.meta().venue_time_ns();
  fill.mutable_meta()->clear_gap();
  set_meta(*fill.mutable_meta(), instance, seq);
  fill.mutable_meta()->set_origin(v1::ORIGIN_REPLAY);
  fill.mutable_meta()->set_venue_time_ns(venue_time);
  fill.mutable_meta()->set_receive_time_ns(kStart + 33 * kSecond);
  fill.mutable_meta()->set_publish_time_ns(kStart + 34 * kSecond);
  return fill;
}

v1::Recovery sweep(v1::RecoveryPhase phase, std::int64_t instance, std::int64_t number) {
  v1::Recovery out;
  set_meta(*out.mutable_meta(), instance, number);
  out.mutable_meta()->clear_gap();
  out.mutable_meta()->clear_publish_time_ns();
  out.mutable_meta()->set_origin(v1::ORIGIN_REPLAY);
  const bool started = phase == v1::RECOVERY_PHASE_STARTED;
  out.mutable_meta()->set_receive_time_ns(kStart + (started ? 32 : 35) * kSecond + number);
  out.set_phase(phase);
  out.set_instance(instance);
  out.set_sweep(number);
  out.set_from_ns(kStart - 2 * kDay);
  out.set_to_ns(kStart + 32 * kSecond);
  if (phase == v1::RECOVERY_PHASE_COMPLETED) out.set_watermark_ns(kWatermark);
  return out;
}

TapeRecord& add(Tape& tape, const v1::Execution& execution) {
  return tape.add(kExecutions, "main", execution.SerializeAsString());
}
TapeRecord& add(Tape& tape, const v1::Balance& balance) {
  return tape.add(kBalances, "main", balance.SerializeAsString());
}
TapeRecord& add(Tape& tape, const v1::Recovery& recovery) {
  return tape.add(kRecoveries, "main", recovery.SerializeAsString());
}
void add(Tape& tape, const v1::Heartbeat& heartbeat) {
  tape.add(kHeartbeats, "worker/0", heartbeat.SerializeAsString());
}

v1::Heartbeat beat(std::int64_t second, std::int64_t epoch, std::int64_t next_seq, std::int64_t acked_offset) {
  v1::Heartbeat heartbeat;
  heartbeat.set_venue("kraken");
  heartbeat.set_dataset("execution");
  heartbeat.set_time_ns(kStart + second * kSecond);
  auto& stream = *heartbeat.add_stream();
  stream.set_instrument("main");
  stream.set_epoch(epoch);
  stream.set_next_seq(next_seq);
  stream.set_acked_offset(acked_offset);
  return heartbeat;
}

Tape account_tape() {
  Tape tape;
  auto pending = report(1, v1::EXECUTION_KIND_PENDING_NEW, "O-1", "kraken/main/O-1/PENDING_NEW");
  set_state(pending, v1::ORDER_STATUS_PENDING_NEW, 3, 0);
  add(tape, pending);
  auto begun = report(2, v1::EXECUTION_KIND_NEW, "O-1", "kraken/main/O-1/NEW");
  set_state(begun, v1::ORDER_STATUS_NEW, 3, 0);
  add(tape, begun);
  add(tape, fill_one());
  add(tape, fill_three());
  auto told_again = report(5, v1::EXECUTION_KIND_STATUS, "O-2", "kraken/main/O-2/STATUS");
  told_again.mutable_meta()->set_origin(v1::ORIGIN_SNAPSHOT);
  set_state(told_again, v1::ORDER_STATUS_NEW, 5, 0);
  add(tape, told_again);
  add(tape, fill_two());
  add(tape, beat(2, kEpoch, 6, 4));
  add_balances(tape);
  add(tape, sweep(v1::RECOVERY_PHASE_STARTED, 1, 1));
  add(tape, sweep(v1::RECOVERY_PHASE_COMPLETED, 1, 1));
  return tape;
}

Report verify(const Tape& tape, VerifierOptions options) {
  options.read_from_ns = kStart + 60 * kSecond;
  return tape.verify(std::move(options));
}

Report with(std::int64_t seq, const Change& change) {
  auto tape = account_tape();
  tape.alter<v1::Execution>(kExecutions, seq, change);
  return verify(tape);
}

Report with_also(const v1::Execution& execution) {
  auto tape = account_tape();
  add(tape, execution);
  return verify(tape);
}

TapeRecord& replayed_record(Tape& tape) {
  for (TapeRecord& record : tape.records) {
    if (record.topic == kExecutions && Tape::parse<v1::Execution>(record).meta().origin() == v1::ORIGIN_REPLAY) {
      return record;
    }
  }
  throw std::logic_error("nothing was replayed");
}

v1::Execution second_copy(v1::Execution execution, std::int64_t seq) {
  execution.mutable_meta()->set_seq(seq);
  return execution;
}

const StreamReport& part(const Report& report, const std::string& dataset) {
  for (const StreamReport& stream : report.streams) {
    if (stream.dataset == dataset && stream.instrument == "main") return stream;
  }
  throw std::logic_error("no " + dataset + " of the account");
}

}  // namespace millrace::cli::testing

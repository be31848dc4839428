#pragma once

#include <functional>
#include <string>

#include "millrace/v1/balance.pb.h"
#include "millrace/v1/execution.pb.h"
#include "millrace/v1/recovery.pb.h"
#include "tests/unit/cli/verify_tape.h"

// The account "main" at Kraken, as a broker could hold it.
namespace millrace::cli::testing {

inline const std::string kExecutions = "t.account.kraken.execution.v1";
inline const std::string kBalances = "t.account.kraken.balance.v1";
inline const std::string kRecoveries = "t.ops.kraken.recovery.v1";
inline constexpr std::int64_t kSecond = 1000 * kMillisecond;
inline constexpr std::int64_t kWatermark = kStart + 30 * kSecond;

// A report of the worker in its epoch 7, received 100 ms after the one before; complete but for its fills.
v1::Execution report(std::int64_t seq, v1::ExecutionKind kind, const std::string& order, const std::string& id);
void set(v1::Decimal& number, std::int64_t mantissa, std::int32_t exponent = 0);
void set_fill(v1::Execution& fill, std::int64_t quantity, std::int64_t price);
// Filled and left of the order.
void set_state(v1::Execution& report, v1::OrderStatus status, std::int64_t quantity, std::int64_t filled);

// The same fill as the sidecar would tell it.
v1::Execution replayed(v1::Execution fill, std::int64_t instance, std::int64_t seq);
v1::Recovery sweep(v1::RecoveryPhase phase, std::int64_t instance, std::int64_t number);

TapeRecord& add(Tape& tape, const v1::Execution& execution);
TapeRecord& add(Tape& tape, const v1::Balance& balance);
TapeRecord& add(Tape& tape, const v1::Recovery& recovery);
// A heartbeat of the executions.
v1::Heartbeat beat(std::int64_t second, std::int64_t epoch, std::int64_t next_seq, std::int64_t acked_offset);
void add(Tape& tape, const v1::Heartbeat& heartbeat);

// A tape on which every promise holds: order O-1 of 3, begun and filled by f-1, f-2, f-3, of which the stream missed
// f-2 and sweep 1.1 replayed it; order O-2 of 5 told by a snapshot; two balances; a heartbeat of each stream. Seqs of
// executions: 1 and 2 O-1's beginning, 3 f-1, 4 f-3, 5 O-2; the sidecar's 1: f-2.
Tape account_tape();
v1::Execution fill_one();
v1::Execution fill_two();

// Reads it to its end: reading began a minute after the last record.
Report verify(const Tape& tape, VerifierOptions options = {});

// The good tape with one record of the worker changed, or with one more of it; and what was replayed in a tape.
using Change = std::function<void(v1::Execution&)>;
Report with(std::int64_t seq, const Change& change);
Report with_also(const v1::Execution& execution);
TapeRecord& replayed_record(Tape& tape);
// The same under another number.
v1::Execution second_copy(v1::Execution execution, std::int64_t seq);

// The report of one dataset of the account.
const StreamReport& part(const Report& report, const std::string& dataset);

}  // namespace millrace::cli::testing

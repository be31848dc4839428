#include "cli/verify/account/account_report.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

namespace millrace::cli {
namespace {

using schemas::JsonWriter;

std::string date_text(std::int64_t time_ns) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(time_ns / 1'000'000'000)));
}

// A worker that never told of the stream leaves it to the sidecar's records.
StreamReport& stream_of(const AccountVerifier::Name& name, const std::string& dataset, Report& out) {
  const auto found = std::find_if(out.streams.begin(), out.streams.end(), [&](const StreamReport& one) {
    return one.venue == name.first && one.dataset == dataset && one.instrument == name.second;
  });
  if (found != out.streams.end()) return *found;
  StreamReport& made = out.streams.emplace_back();
  made.venue = name.first;
  made.dataset = dataset;
  made.instrument = name.second;
  return made;
}

void add_problems(const std::vector<std::string>& from, StreamReport& to) {
  to.problems.insert(to.problems.end(), from.begin(), from.end());
}

// The sidecar's numbers are the same stream's to a reader of the topic.
void add_replayed(const AccountNumbers& numbers, StreamReport& to) {
  const SequenceTally& sidecar = numbers.sidecar().tally();
  to.sequence.records += sidecar.records + numbers.second_records();
  to.sequence.lost += sidecar.lost;
  to.sequence.undeclared_gaps += sidecar.undeclared_gaps;
  to.sequence.duplicates += sidecar.duplicates + numbers.repeats();
  to.sequence.unexplained_duplicates += sidecar.unexplained_duplicates + numbers.repeats();
  to.sequence.out_of_order += sidecar.out_of_order;
  for (const std::string& text : numbers.sidecar().problems()) to.problems.push_back("sidecar: " + text);
  if (numbers.repeats() > 0) {
    to.problems.push_back(
        fmt::format("sidecar: {} seqs are there twice, and neither was sent again", numbers.repeats()));
  }
}

std::string origins(const AccountTally& tally) {
  return fmt::format("{} live, {} snapshot, {} replayed", tally.live, tally.snapshot, tally.replay);
}

const StreamReport* find(const Report& report, const std::string& venue, const std::string& dataset,
                         const std::string& account) {
  for (const StreamReport& one : report.streams) {
    if (one.venue == venue && one.dataset == dataset && one.instrument == account && one.account) return &one;
  }
  return nullptr;
}

std::string execution_line(const StreamReport& stream, const StreamReport* sweeps) {
  const AccountTally& tally = *stream.account;
  std::string line = fmt::format(
      "  {}/{}: {} fills, each event_id once; {} records told before; {} corrected, {} of no "
      "fill that was told; records {}",
      stream.venue, stream.instrument, tally.fills, tally.repeated, tally.corrected, tally.unfounded, origins(tally));
  if (sweeps == nullptr) return line + "; no sweep\n";
  const AccountTally& swept = *sweeps->account;
  line += fmt::format("; {} sweeps ({} failed)", swept.completed + swept.failed, swept.failed);
  if (swept.complete_through_ns) line += ", complete through " + date_text(*swept.complete_through_ns);
  if (swept.late_fills > 0) line += fmt::format(", {} fills told late", swept.late_fills);
  return line + "\n";
}

}  // namespace

void add_account(const AccountVerifier::Name& name, const AccountCheck& check, Report& out) {
  if (check.executions().checks > 0) {
    StreamReport& executions = stream_of(name, "execution", out);
    executions.account = check.executions();
    add_replayed(check.numbers(), executions);
    add_problems(check.execution_problems(), executions);
  }
  if (check.balances().checks > 0) {
    StreamReport& balances = stream_of(name, "balance", out);
    balances.account = check.balances();
    add_problems(check.balance_problems(), balances);
  }
  const AccountTally sweeps = check.sweeps();
  if (sweeps.checks == 0) return;
  StreamReport& recovery = stream_of(name, "recovery", out);
  recovery.account = sweeps;
  recovery.sequence.records = sweeps.checks;
  add_problems(check.sweep_problems(), recovery);
}

void write_account(JsonWriter& json, const StreamReport& stream) {
  const AccountTally& tally = *stream.account;
  json.integer("checks", tally.checks);
  json.integer("wrong", tally.wrong);
  if (stream.dataset == "recovery") {
    json.integer("completed", tally.completed);
    json.integer("failed", tally.failed);
    json.integer("late_fills", tally.late_fills);
    json.integer("complete_through_ns", tally.complete_through_ns);
    return;
  }
  json.integer("live", tally.live);
  json.integer("snapshot", tally.snapshot);
  json.integer("replay", tally.replay);
  json.integer("repeated", tally.repeated);
  if (stream.dataset != "execution") return;
  json.integer("fills", tally.fills);
  json.integer("corrected", tally.corrected);
  json.integer("unfounded", tally.unfounded);
  json.integer("orders_added", tally.orders_added);
  json.integer("orders_short", tally.orders_short);
  json.integer("unproven_gaps", tally.unproven_gaps);
  json.integer("not_proven_since_ns", tally.not_proven_since_ns);
}

std::string account_lines(const Report& report) {
  std::string out;
  for (const StreamReport& stream : report.streams) {
    if (stream.dataset != "execution" || !stream.account) continue;
    const AccountTally& tally = *stream.account;
    out += execution_line(stream, find(report, stream.venue, "recovery", stream.instrument));
    if (tally.unproven_gaps > 0) {
      out += fmt::format("  {}/{}: not proven since {}: {} holes or restarts that no completed sweep has passed\n",
                         stream.venue, stream.instrument, date_text(*tally.not_proven_since_ns), tally.unproven_gaps);
    }
    if (tally.orders_short > 0) {
      out += fmt::format("  {}/{}: {} orders have fewer fills than they tell, and no sweep says \"complete\" yet\n",
                         stream.venue, stream.instrument, tally.orders_short);
    }
  }
  if (report.ids_forgotten + report.orders_forgotten > 0) {
    out += fmt::format("  {} event_ids and {} orders were too old to be kept: later copies of them count as new\n",
                       report.ids_forgotten, report.orders_forgotten);
  }
  return out;
}

}  // namespace millrace::cli

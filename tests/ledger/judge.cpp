#include "tests/ledger/judge.h"

#include <fmt/format.h>

#include <limits>
#include <utility>

#include "schemas/codec/encode.h"
#include "tests/ledger/worker_process.h"

namespace millrace::ledger {

using schemas::MessageType;

namespace {

// All that there is was there when reading began.
cli::VerifierOptions verifier_options() {
  cli::VerifierOptions options;
  options.prefix = "t";
  options.read_from_ns = std::numeric_limits<std::int64_t>::max();
  return options;
}

}  // namespace

Judge::Judge(std::string venue, const Timeline& time)
    : venue_(std::move(venue)), time_(time), verifier_(verifier_options()) {}

void Judge::record(const std::string& topic, std::string_view key, std::string_view bytes) {
  const std::string full = fmt::format("t.{}.v1", topic);
  verifier_.on_record({full, 0, ends_[full]++, key, bytes, false});
}

void Judge::on_worker(MessageType type, std::string_view bytes) {
  if (type == MessageType::kExecution) record(fmt::format("account.{}.execution", venue_), kAccount, bytes);
  if (type == MessageType::kBalance) record(fmt::format("account.{}.balance", venue_), kAccount, bytes);
  if (type == MessageType::kHeartbeat) record(fmt::format("ops.{}.heartbeat", venue_), "worker/0", bytes);
}

schemas::Meta Judge::meta_of(const schemas::StreamIdentity& identity) const {
  schemas::Meta meta;
  meta.stream = &identity;
  meta.receive_time = time_.now();
  meta.origin = schemas::Origin::kReplay;
  return meta;
}

void Judge::on_replay(const ExecutionRecord& fill) {
  const auto identity = schemas::make_stream_identity(venue_, fill.symbol, fill.symbol, std::string(kAccount));
  const schemas::GapMark restart{schemas::GapKind::kRestart, {}, {}, {}, "restart"};
  schemas::Meta meta = meta_of(identity);
  meta.epoch = fill.epoch;
  meta.seq = ++replayed_seq_[fill.epoch];
  meta.receive_time = fill.receive_time;
  meta.publish_time = time_.now();
  meta.venue_time = fill.venue_time;
  if (meta.seq == 1) meta.gap = std::span(&restart, 1);
  std::string bytes;
  encode(meta, fill.execution, bytes);
  record(fmt::format("account.{}.execution", venue_), kAccount, bytes);
}

void Judge::on_recovery(const schemas::Recovery& recovery) {
  const auto identity = schemas::make_stream_identity(venue_, "", "", std::string(kAccount));
  schemas::Meta meta = meta_of(identity);
  meta.epoch = recovery.instance;
  meta.seq = recovery.sweep;
  std::string bytes;
  encode(meta, recovery, bytes);
  record(fmt::format("ops.{}.recovery", venue_), kAccount, bytes);
}

std::string Judge::verdict() {
  for (const auto& [topic, end] : ends_) verifier_.on_end(topic, 0, end);
  verifier_.on_all_read(time_.now());
  const cli::Report report = verifier_.finish(time_.now());
  return report.ok() ? std::string() : report.to_table(true);
}

}  // namespace millrace::ledger

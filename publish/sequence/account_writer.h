#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "normalize/account/account_adapter.h"
#include "publish/lane/ack_listener.h"
#include "publish/sequence/counters.h"
#include "publish/sequence/ops_records.h"
#include "publish/sequence/record_sink.h"
#include "publish/sequence/stream.h"

namespace millrace::publish {

// How an AccountWriter numbers and stamps; as SequencerOptions.
struct AccountWriterOptions {
  std::int64_t epoch = 1;  // the claim; the sidecar: its instance
  std::function<UnixNanos()> clock;
  std::string worker;
  std::int32_t thread = 0;
  std::int64_t heartbeat_ns = 1'000'000'000;
  schemas::LossEvidence evidence = schemas::LossEvidence::kNone;
  std::int64_t silence_ns = 0;  // a connection silent for so long is STALE; 0 = the session's business alone
};

// Turns the events of one account into numbered, stamped, encoded records: the account lane's Sequencer, for two
// streams. All calls on one thread; only counters() may be read from others. The sink never refuses a record, so here
// nothing is ever lost. Memory grows with the symbols that the account trades, which a bound ends.
class AccountWriter final : public normalize::AccountSink, public AckListener {
 public:
  // `sink` outlives it, and it outlives the sink's use of its identities.
  AccountWriter(std::string venue, std::string account, RecordSink& sink, AccountWriterOptions options);

  // AccountSink.
  void begin_frame(UnixNanos receive_time) override;
  void on_execution(const normalize::AccountMeta& meta, const schemas::Execution& execution) override;
  void on_balance(const normalize::AccountMeta& meta, const schemas::Balance& balance) override;
  void on_gap(normalize::Dataset dataset, schemas::GapMark mark) override;
  void on_state(normalize::Dataset dataset, schemas::StreamState state, std::string_view reason) override;
  void on_drop(std::string_view reason) override { counters_.drops.add(reason); }

  // --- the shell's part ---

  // A pong or heartbeat.
  void alive(UnixNanos time) { last_alive_ = time; }
  // What became of the connection: both streams get this state.
  void connection_state(schemas::StreamState state, std::string_view reason, std::string_view detail, UnixNanos now);
  // Something about the account that changes no state: told for both streams with the state that they have.
  void remark(std::string_view reason, std::string_view detail, UnixNanos now);
  // Often: staleness and heartbeats.
  void tick(UnixNanos now);
  void quarantine(const normalize::Error& error, std::string_view frame, UnixNanos now);

  void on_ack(StreamSlot slot, std::int32_t partition, std::int64_t offset, std::int64_t seq) override;
  void on_lost(StreamSlot slot, std::int64_t seq, std::string_view reason) override;
  void on_topic_made_anew(StreamSlot slot) override;

  const SequenceCounters& counters() const noexcept { return counters_; }
  const std::string& account() const noexcept { return account_; }
  schemas::StreamState state(normalize::Dataset dataset) const noexcept;
  // Of the last record.
  std::int64_t seq(normalize::Dataset dataset) const noexcept { return streams_[place(dataset)].seq; }

 private:
  static constexpr std::size_t kStreams = 2;
  static constexpr std::size_t kMostSymbols = 20'000;

  static std::size_t place(normalize::Dataset dataset) noexcept { return dataset == normalize::Dataset::kBalance; }
  const schemas::StreamIdentity& identity(std::string_view symbol, std::string_view instrument);
  template <class Body>
  void publish(Stream& stream, const normalize::AccountMeta& meta, const Body& body);
  void set_state(Stream& stream, schemas::StreamState state, std::string_view reason, std::string_view detail,
                 UnixNanos time);
  void write_heartbeats(UnixNanos now);

  const std::string venue_;
  const std::string account_;
  RecordSink& sink_;
  const AccountWriterOptions options_;
  SequenceCounters counters_;
  OpsRecords ops_;
  std::array<Stream, kStreams> streams_;                                                     // executions, balances
  std::map<std::string, std::unique_ptr<schemas::StreamIdentity>, std::less<>> identities_;  // by symbol
  schemas::StreamIdentity spare_identity_;                                                   // beyond kMostSymbols
  UnixNanos now_ = 0;  // receive time of the frame at hand
  UnixNanos last_alive_ = kNever;
  UnixNanos before_ = kNever;  // the proof before the frame at hand
  UnixNanos last_tick_ = kNever;
  std::string scratch_;
};

}  // namespace millrace::publish

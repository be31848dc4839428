#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "normalize/error.h"
#include "publish/sequence/counters.h"
#include "publish/sequence/record_sink.h"
#include "publish/sequence/stream.h"
#include "schemas/events/ops.h"

namespace millrace::publish {

// Encodes the records that speak about streams and hands them to the sink under their topics: status, gap ledger,
// quarantine, heartbeats. One per Sequencer, on its thread. What the sink refuses is counted, not kept.
class OpsRecords {
 public:
  // `sink` and `counters` must outlive it.
  OpsRecords(std::string venue, std::string worker, std::int32_t thread, RecordSink& sink, SequenceCounters& counters);

  // `time` becomes the record's receive time, `epoch` its epoch; its seq is the last one that the stream used, so a
  // reader can place it among the stream's records. `time` in ns.
  void status(const Stream& stream, std::int64_t epoch, UnixNanos time, const schemas::StreamStatus& body);
  void gap(const Stream& stream, std::int64_t epoch, UnixNanos time, const schemas::Gap& body);

  // Keeps at most kSamples frames per error and minute; the next one kept says how many were not.
  void quarantine(std::string_view connection, std::int64_t epoch, UnixNanos time, const normalize::Error& error,
                  std::string_view frame);

  // The streams of one dataset, in as many heartbeats as kHeartbeatBytes asks for.
  void begin_heartbeat(std::string_view dataset, UnixNanos time);
  // Between begin and end only. Writes a heartbeat by itself when the next beat would exceed kHeartbeatBytes.
  void beat(schemas::StreamBeat beat);
  void end_heartbeat();

  // Frames per error and minute; bytes of one kept frame; bytes of one heartbeat, well below the broker's 4 MiB.
  static constexpr std::int64_t kSamples = 6;
  static constexpr std::size_t kFrameBytes = 16 * 1024;
  static constexpr std::size_t kHeartbeatBytes = 256 * 1024;

  const std::string& worker() const noexcept { return worker_; }

 private:
  // Per error and minute; suppressed frames are carried over until a frame is kept again.
  struct Sampling {
    UnixNanos window = kNever;  // when the current minute began
    std::int64_t kept = 0;
    std::int64_t suppressed = 0;
  };

  bool take_sample(normalize::Errc code, UnixNanos time, std::int64_t& suppressed);
  schemas::Meta meta_of(const schemas::StreamIdentity& identity, std::int64_t epoch, std::int64_t seq, UnixNanos time);
  void put(std::string_view topic, std::string_view key, schemas::MessageType type);

  RecordSink& sink_;
  SequenceCounters& counters_;
  std::string worker_;
  schemas::StreamIdentity venue_identity_;  // of records that are no stream's
  std::string status_topic_, gap_topic_, quarantine_topic_, heartbeat_topic_, thread_key_;
  std::array<Sampling, 32> sampling_;  // by Errc
  schemas::Heartbeat heartbeat_;
  std::size_t heartbeat_bytes_ = 0;  // never less than what is encoded
  std::string bytes_;                // reused
};

// "dataset/instrument", of account streams "dataset/account": the key of status and gap records.
std::string stream_key(const Stream& stream);

}  // namespace millrace::publish

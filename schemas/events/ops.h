#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "schemas/events/meta.h"

// Bodies of operational events. None of them is on the hot path, so they own what they hold.
namespace millrace::schemas {

// One stream of a heartbeat.
struct StreamBeat {
  std::string symbol;
  std::string instrument;
  std::int64_t epoch = 0;
  std::int64_t next_seq = 0;  // the seq that the stream's next record will have
  std::int32_t partition = 0;
  std::optional<std::int64_t> acked_offset;  // loss may be concluded only by a reader past it
  StreamState state = StreamState::kUnspecified;
  std::int64_t age_ns = 0;   // since the last proof that the stream is alive
  std::vector<GapMark> gap;  // holes not yet declared by a record
};

// Once a second, per ingest thread and dataset: the streams without a record in that second. No Meta. A large one is
// split into several records of the same time, so a stream missing from one record proves nothing.
struct Heartbeat {
  std::string venue;
  std::string dataset;
  std::string worker;
  std::int32_t thread = 0;
  UnixNanos time = 0;
  std::vector<StreamBeat> streams;
};

// What became of a stream, on every change; the topic is compacted, so the last one per stream is its present state.
struct StreamStatus {
  std::string dataset;
  std::string channel;  // the venue's name for it
  StreamState state = StreamState::kUnspecified;
  std::string reason;  // a short fixed word
  std::string detail;  // for people
  std::string connection;
  std::string worker;
  LossEvidence loss_evidence = LossEvidence::kUnspecified;
  std::int64_t cadence_ns = 0;  // 0 = on change only
  // Levels a side that a checksum covers; absent for other evidence.
  std::optional<std::int32_t> evidence_depth;
};

// An entry in the ledger of holes, for who wants nothing but them. A hole in the venue's feed comes twice: when it is
// found, in case no record follows, and with time and kind of repair when a record has declared it.
struct Gap {
  std::string dataset;
  GapMark mark;
  UnixNanos detected_time = 0;
  std::optional<UnixNanos> repaired_time;
  std::string repair;
};

// A frame that could not be decoded, kept for people. Samples only: the counter of dropped frames says how many there
// were.
struct Quarantine {
  std::string connection;
  std::string error;  // name(Errc): a short fixed word
  std::string where;
  std::string frame;  // its beginning, at most 16 KiB
  std::int64_t frame_bytes = 0;
  std::int64_t suppressed = 0;  // like it, counted but not kept since the last sample
};

// A worker's right to write. No Meta; the place of the record in its topic gives the epoch (publish/kafka/claim.h).
struct Claim {
  std::string worker;
  std::string instance;  // random, one per process: tells two workers of the same name apart
  UnixNanos time = 0;
  std::vector<std::string> venues;
  std::int32_t streams = 0;
};

// That the streams of an instrument are wanted, in a compacted topic; a record without a value takes it back. No Meta.
struct Subscription {
  std::string venue;
  std::string symbol;                 // the venue's spelling
  std::vector<std::string> datasets;  // empty = those that the worker's configuration names for the venue
  UnixNanos time = 0;                 // when it was written, our clock
  std::string by;                     // who wrote it, for people
};

}  // namespace millrace::schemas

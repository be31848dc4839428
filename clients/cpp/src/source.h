#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "clients/cpp/src/record.h"

namespace millrace::client {

// What a source tells, on the thread that polls it.
class SourceSink {
 public:
  virtual ~SourceSink() = default;

  // Records of an event partition follow; those from `from` on are to be told, earlier ones only remembered.
  virtual void on_assigned(const Place& place, std::int64_t from) = 0;
  // No more of them follow. Where the next reader begins: all before it is done with. Nullopt: not assigned.
  virtual std::optional<std::int64_t> on_revoked(const Place& place) = 0;
  virtual void on_record(RecordPtr record) = 0;
  // An event partition is read up to `next`, and there is no more for now.
  virtual void on_end(const Place& place, std::int64_t next) = 0;
  // A state topic was read to its end for the first time.
  virtual void on_caught_up(TopicKind kind, const std::string& venue) = 0;
};

using Offsets = std::vector<std::pair<Place, std::int64_t>>;

// Where records come from: Kafka, or a test. One thread.
class RecordSource {
 public:
  virtual ~RecordSource() = default;

  // Once, before anything else. Throws std::runtime_error, with what to do.
  virtual void open() = 0;
  // Hands over what there is; waits for it at most so long. Throws std::runtime_error if nothing more can ever come.
  virtual void poll(std::chrono::milliseconds wait, SourceSink& sink) = 0;
  // False: not taken; call it again. Without `wait` that may be told later by refused().
  virtual bool commit(const Offsets& offsets, bool wait) = 0;
  // Was a commit refused since the last call?
  virtual bool refused() = 0;
  // Where the executions of an account are.
  virtual Place execution_place(const std::string& venue, const std::string& account) const = 0;
  // The offset behind the last record of a partition as it is now; nullopt: no answer.
  virtual std::optional<std::int64_t> end_of(const Place& place) = 0;
  // No event records until it is called with false.
  virtual void hold(bool on) = 0;
  virtual void close() = 0;
};

}  // namespace millrace::client

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "clients/cpp/src/engine.h"
#include "tests/unit/clients/support/fakes.h"
#include "tests/unit/clients/support/manual_timer.h"
#include "tests/unit/clients/support/recording_listener.h"
#include "tests/unit/clients/support/records.h"

namespace millrace::test {

// An Engine that reads what the test hands it, on the test's thread, at the test's time. Venue "kraken", prefix "t";
// both partitions of its executions, and its balances, are assigned and empty at the beginning.
class EngineHarness {
 public:
  explicit EngineHarness(std::size_t remembered_ids = 1000, std::vector<std::string> accounts = {});

  std::shared_ptr<RecordingListener> add(const std::string& name, std::vector<Subscription> what = {Subscription{}},
                                         Handling handling = {});
  void begin();
  // One round of reading, with a commit at its end.
  bool step();

  // Queues a record for the next step and returns its offset. `old`: read before, only to be remembered.
  std::int64_t put(const Stamp& stamp, const schemas::Execution& body, bool old = false);
  std::int64_t put(const Stamp& stamp, const schemas::Balance& body);
  std::int64_t put(const Stamp& stamp, const schemas::StreamStatus& body, bool old = false);
  std::int64_t put(const Stamp& stamp, const schemas::Recovery& body, bool old = false);
  void put_heartbeat(const Stamp& stamp = {});
  std::int64_t put_bytes(client::TopicKind kind, const Stamp& stamp, std::string bytes, bool old = false);
  // The state topics are read to their end.
  void caught_up();
  void assign(std::int32_t partition, std::int64_t from);
  void end(std::int32_t partition, std::int64_t next);
  void revoke(std::int32_t partition);

  // Steps until the executions of that partition are committed up to `next`; fails the test after 30 s.
  void await_committed(std::int64_t next, std::int32_t partition = 0);
  // -1: nothing was committed.
  std::int64_t committed(std::int32_t partition = 0) const;
  static client::Place executions(std::int32_t partition = 0);

  std::vector<std::string> log;  // warnings and errors; read it when no listener's thread can write it
  ManualTimer* timer;
  FakeSource* source;
  FakeLetters* letters;
  std::unique_ptr<client::Engine> engine;

 private:
  std::map<client::Place, std::int64_t> next_offset_;
};

}  // namespace millrace::test

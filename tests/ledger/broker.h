#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "publish/lane/ack_listener.h"
#include "publish/sequence/record_sink.h"
#include "schemas/codec/decode.h"
#include "tests/ledger/timeline.h"
#include "tests/sim/accounts/random.h"

namespace millrace::ledger {

using sim::accounts::Random;

// A record of the execution topic.
struct ExecutionRecord {
  std::string symbol;
  std::optional<UnixNanos> venue_time;
  UnixNanos receive_time = 0;
  schemas::Origin origin = schemas::Origin::kUnspecified;
  std::int64_t epoch = 0;
  schemas::Execution execution;
  std::string instrument{};
  std::int64_t seq = 0;
};
struct BalanceRecord {
  std::int64_t epoch = 0;
  schemas::Origin origin = schemas::Origin::kUnspecified;
  schemas::Balance balance;
};
struct StatusRecord {
  std::int64_t epoch = 0;
  schemas::StreamStatus status;
};

// One account's topics at a broker that takes its time: what is in them, and who wants to know of it at that moment.
// Nothing that is in a topic ever leaves it.
struct Broker {
  std::vector<ExecutionRecord> executions;
  std::vector<BalanceRecord> balances;
  std::vector<StatusRecord> statuses;
  std::vector<schemas::Cursor> cursors;
  std::vector<schemas::Recovery> recoveries;  // committed

  // After each record.
  std::function<void(const ExecutionRecord&)> on_execution;
  std::function<void(const StatusRecord&)> on_status;
  // Cursor and Recovery became visible in one step.
  std::function<void(const schemas::Recovery&)> on_commit;
  // What lands as it was written, before anything else is told of it: a record of the worker, a fill of the sidecar and
  // its words, committed or not.
  std::function<void(schemas::MessageType, std::string_view bytes)> on_worker_bytes;
  std::function<void(const ExecutionRecord&)> on_replay;
  std::function<void(const schemas::Recovery&)> on_recovery;

  UnixNanos down_until = 0;  // takes nothing before

  void add(ExecutionRecord record);
  void add_replay(const ExecutionRecord& record);
  void commit(const schemas::Cursor& cursor, const schemas::Recovery& recovery);
  // When a record that is sent now lands: mostly within 20 ms, now and then within seconds.
  UnixNanos landing(UnixNanos now, Random& random) const;
};

// The producer of one worker process. Records land in the order in which they were sent and are acknowledged later. A
// producer that dies loses what is still under way, but for a part of it that the broker has got already: that lands at
// once, as nothing else holds it up any more.
class Producer final : public publish::RecordSink {
 public:
  // All outlive it, and it outlives what it asks of the timeline: a dead one is kept until the run is over.
  Producer(Broker& broker, Timeline& time, Random& random) : broker_(broker), time_(time), random_(random) {}

  // Who hears of acknowledgements; set once, before the first record.
  void listen(publish::AckListener& listener) { listener_ = &listener; }
  // SIGKILL.
  void die();

  publish::StreamSlot open(const publish::StreamSpec& spec) override;
  std::span<std::byte> reserve(publish::StreamSlot stream, std::size_t bound) override;
  void commit(publish::StreamSlot stream, std::size_t length, std::int64_t seq) override;
  bool put(std::string_view topic, std::string_view key, std::string_view bytes, schemas::MessageType type) override;

 private:
  struct Sent {
    schemas::MessageType type;
    std::string bytes;
    bool done = false;  // landed or lost with its producer
  };
  void send(schemas::MessageType type, std::string bytes, std::function<void(std::int64_t offset)> acknowledged);
  // The offset in its topic.
  std::int64_t land(const Sent& sent);

  Broker& broker_;
  Timeline& time_;
  Random& random_;
  publish::AckListener* listener_ = nullptr;
  std::vector<schemas::MessageType> slots_;
  std::string buffer_;
  std::vector<std::shared_ptr<Sent>> under_way_;
  UnixNanos last_landing_ = 0;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace millrace::ledger

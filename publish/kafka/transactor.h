#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "publish/kafka/settings.h"
#include "schemas/codec/decode.h"

struct rd_kafka_s;  // librdkafka's handle

namespace millrace::publish {

// A record of a transaction.
struct TransactionRecord {
  std::string topic;  // after "{prefix}."
  std::string key;
  std::string bytes;
  schemas::MessageType type{};
};

// A transactional producer: a few records that become readable together or not at all (`read_committed`). Of two
// processes with one id the later one fences the earlier. Everything blocks; one thread, not one that serves sockets.
class Transactor {
 public:
  enum class Outcome : std::uint8_t {
    kCommitted,
    kFenced,   // another process took the id, or the broker took us for gone (kafka.md): init() decides anew
    kUnknown,  // no word from the broker in time: it may have taken place
    kFailed,   // nothing was written
  };

  // Transaction timeout 10 s. Throws std::runtime_error if librdkafka refuses the settings.
  Transactor(KafkaSettings settings, std::string transactional_id);
  ~Transactor();
  Transactor(const Transactor&) = delete;
  Transactor& operator=(const Transactor&) = delete;

  // Takes the id over from whoever had it. Throws std::runtime_error if that does not succeed in time. After kFenced or
  // kUnknown call it again before the next commit.
  void init(std::chrono::milliseconds timeout);

  // One transaction. `error` has librdkafka's words unless it was committed.
  Outcome commit(const std::vector<TransactionRecord>& records, std::chrono::milliseconds timeout, std::string& error);

  // One record that counts only if its writer is a member of a consumer group at the moment of the commit: the broker
  // refuses it (kFailed) if the group has gone on without `consumer`, which is librdkafka's handle of it and is
  // assigned at least one partition. `offset`: where the record stands.
  Outcome commit_as_member(const TransactionRecord& record, rd_kafka_s* consumer, std::chrono::milliseconds timeout,
                           std::string& error, std::int64_t& offset);

 private:
  struct Handle;
  Outcome begin(std::string& error);
  const KafkaSettings settings_;
  const std::string id_;
  std::unique_ptr<Handle> handle_;
};

}  // namespace millrace::publish

#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/clients/support/records.h"

namespace millrace::test {

// A record of the dead-letter topic.
struct Letter {
  std::string key;
  std::string value;
  std::map<std::string, std::string> headers;
};

// The topics of venue "kraken" on a broker, written as a worker and a sidecar would. Everything that fails, or takes
// longer than 30 s, fails the test.
class BrokerTopics {
 public:
  BrokerTopics(std::string brokers, std::string prefix);

  void make();

  // Returns when the broker has acknowledged it.
  void put(const Stamp& stamp, const schemas::Execution& body) { produce("account.kraken.execution.v1", stamp, body); }
  void put(const Stamp& stamp, const schemas::Balance& body) { produce("account.kraken.balance.v1", stamp, body); }
  void put(const Stamp& stamp, const schemas::StreamStatus& body) { produce("ops.kraken.status.v1", stamp, body); }
  void put_heartbeat(const Stamp& stamp);
  void put_in_transaction(const Stamp& stamp, const schemas::Recovery& body);

  // Of an account's executions and balances.
  static int partition_of(std::string_view account);
  // The name of an account that is there.
  static std::string account_in(int partition);
  // Waits until the group has committed that offset, or a later one, of the executions of account "main".
  void await_committed(const std::string& group, std::int64_t offset);
  // Waits for the first so many letters.
  std::vector<Letter> read_letters(const std::string& topic, std::size_t count);

 private:
  using Handle = std::unique_ptr<rd_kafka_t, decltype(&rd_kafka_destroy)>;

  Handle make_handle(rd_kafka_type_t type, std::map<std::string, std::string> settings) const;
  template <class Body>
  void produce(const std::string& topic, const Stamp& stamp, const Body& body);
  void send(rd_kafka_t* producer, const std::string& topic, const std::string& key, const std::string& value);

  const std::string brokers_;
  const std::string prefix_;
  Handle producer_;
};

}  // namespace millrace::test

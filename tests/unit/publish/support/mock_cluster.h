#pragma once

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <initializer_list>
#include <string>

namespace millrace::test {

// A Kafka cluster inside the test: librdkafka's own mock broker, on free loopback ports.
class MockCluster {
 public:
  explicit MockCluster(int brokers = 1);
  ~MockCluster();
  MockCluster(const MockCluster&) = delete;
  MockCluster& operator=(const MockCluster&) = delete;

  std::string brokers() const;
  void make_topic(const std::string& name, int partitions);
  void down(int broker);
  void up(int broker);
  void leader(const std::string& topic, int partition, int broker);
  // The next requests to write fail with these, one each.
  void fail_writes(std::initializer_list<rd_kafka_resp_err_t> errors);

 private:
  rd_kafka_t* host_ = nullptr;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
};

}  // namespace millrace::test

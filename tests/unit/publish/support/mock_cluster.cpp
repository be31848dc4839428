#include "tests/unit/publish/support/mock_cluster.h"

#include <vector>

namespace millrace::test {

MockCluster::MockCluster(int brokers) {
  char text[256];
  host_ = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), text, sizeof text);
  cluster_ = rd_kafka_mock_cluster_new(host_, brokers);
}

MockCluster::~MockCluster() {
  rd_kafka_mock_cluster_destroy(cluster_);
  rd_kafka_destroy(host_);
}

std::string MockCluster::brokers() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }

void MockCluster::make_topic(const std::string& name, int partitions) {
  rd_kafka_mock_topic_create(cluster_, name.c_str(), partitions, 1);
}

void MockCluster::down(int broker) { rd_kafka_mock_broker_set_down(cluster_, broker); }
void MockCluster::up(int broker) { rd_kafka_mock_broker_set_up(cluster_, broker); }

void MockCluster::leader(const std::string& topic, int partition, int broker) {
  rd_kafka_mock_partition_set_leader(cluster_, topic.c_str(), partition, broker);
}

void MockCluster::fail_writes(std::initializer_list<rd_kafka_resp_err_t> errors) {
  constexpr std::int16_t kProduce = 0;
  rd_kafka_mock_push_request_errors_array(cluster_, kProduce, errors.size(), std::data(errors));
}

}  // namespace millrace::test

#include "tests/unit/publish/support/real_broker.h"

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace millrace::test {

std::unique_ptr<RealBroker> RealBroker::start() {
  if (std::system("command -v java >/dev/null && command -v kcat >/dev/null") != 0) return nullptr;
  std::string dir = (std::filesystem::temp_directory_path() / "millrace-broker-XXXXXX").string();
  if (!mkdtemp(dir.data())) return nullptr;
  std::unique_ptr<RealBroker> broker(new RealBroker(dir));
  if (!broker->run("start", &broker->brokers_)) return nullptr;
  broker->brokers_.erase(broker->brokers_.find_last_not_of('\n') + 1);
  return broker;
}

RealBroker::~RealBroker() { run("wipe"); }

bool RealBroker::run(const std::string& command, std::string* output) const {
  const std::string line = MILLRACE_SOURCE_DIR "/deploy/kafka/kafka " + command + " " + dir_;
  FILE* pipe = popen(line.c_str(), "r");
  if (!pipe) return false;
  std::array<char, 256> text;
  while (std::fgets(text.data(), static_cast<int>(text.size()), pipe)) {
    if (output) *output += text.data();
  }
  return pclose(pipe) == 0;
}

void RealBroker::kill() { EXPECT_TRUE(run("kill")); }
void RealBroker::up() { EXPECT_TRUE(run("up")); }

void RealBroker::delete_topic(const std::string& topic) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  char text[256];
  rd_kafka_conf_set(conf, "bootstrap.servers", brokers_.c_str(), text, sizeof text);
  rd_kafka_t* client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
  rd_kafka_queue_t* queue = rd_kafka_queue_new(client);
  rd_kafka_DeleteTopic_t* wanted = rd_kafka_DeleteTopic_new(topic.c_str());
  rd_kafka_DeleteTopics(client, &wanted, 1, nullptr, queue);
  rd_kafka_event_t* event = rd_kafka_queue_poll(queue, 20'000);
  EXPECT_TRUE(event && rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR);
  if (event) rd_kafka_event_destroy(event);
  rd_kafka_DeleteTopic_destroy(wanted);
  rd_kafka_queue_destroy(queue);
  rd_kafka_destroy(client);
}

}  // namespace millrace::test

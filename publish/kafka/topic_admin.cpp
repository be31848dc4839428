#include "publish/kafka/topic_admin.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "publish/kafka/client.h"

namespace millrace::publish {
namespace {

// Owners of librdkafka's C objects.
using Queue = std::unique_ptr<rd_kafka_queue_t, decltype(&rd_kafka_queue_destroy)>;
using Event = std::unique_ptr<rd_kafka_event_t, decltype(&rd_kafka_event_destroy)>;
using Options = std::unique_ptr<rd_kafka_AdminOptions_t, decltype(&rd_kafka_AdminOptions_destroy)>;
using NewTopic = std::unique_ptr<rd_kafka_NewTopic_t, decltype(&rd_kafka_NewTopic_destroy)>;
using Resource = std::unique_ptr<rd_kafka_ConfigResource_t, decltype(&rd_kafka_ConfigResource_destroy)>;

// Copies of the first partition speak for all: nothing of ours makes them differ.
ExistingTopic to_existing(const rd_kafka_metadata_topic_t& topic) {
  const std::int32_t copies = topic.partition_cnt > 0 ? topic.partitions[0].replica_cnt : 0;
  return {topic.topic, topic.partition_cnt, copies, {}};
}

NewTopic to_new_topic(const WantedTopic& topic, std::int32_t replication) {
  char text[512] = "";
  NewTopic made(rd_kafka_NewTopic_new(topic.name.c_str(), topic.partitions, replication, text, sizeof text),
                rd_kafka_NewTopic_destroy);
  if (!made) throw std::runtime_error(fmt::format("topic {}: {}", topic.name, text));
  for (const auto& [name, value] : topic.config) rd_kafka_NewTopic_set_config(made.get(), name.c_str(), value.c_str());
  return made;
}

std::map<std::string, std::string> config_of(const rd_kafka_ConfigResource_t* resource) {
  std::map<std::string, std::string> config;
  std::size_t count = 0;
  const rd_kafka_ConfigEntry_t** entries = rd_kafka_ConfigResource_configs(resource, &count);
  for (std::size_t i = 0; i < count; ++i) {
    const char* value = rd_kafka_ConfigEntry_value(entries[i]);
    config[rd_kafka_ConfigEntry_name(entries[i])] = value ? value : "";
  }
  return config;
}

}  // namespace

struct TopicAdmin::Handle {
  Client client;
  std::string brokers;
  int timeout_ms;
  std::chrono::milliseconds timeout() const { return std::chrono::milliseconds{timeout_ms}; }
  Queue queue{nullptr, rd_kafka_queue_destroy};

  Options options(rd_kafka_admin_op_t operation) const {
    Options made(rd_kafka_AdminOptions_new(client.get(), operation), rd_kafka_AdminOptions_destroy);
    char text[512];
    rd_kafka_AdminOptions_set_request_timeout(made.get(), timeout_ms, text, sizeof text);
    return made;
  }

  // The answer to the request just made.
  // A second longer than the request's own limit, so that librdkafka's error comes before our own.
  Event answer(std::string_view question) const {
    Event event(rd_kafka_queue_poll(queue.get(), timeout_ms + 1'000), rd_kafka_event_destroy);
    if (!event) throw std::runtime_error(no_answer(question));
    if (trouble_of(client.get()).refused()) throw std::runtime_error(no_answer(question));
    if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      throw std::runtime_error(
          fmt::format("kafka at {}, {}: {}", brokers, question, rd_kafka_event_error_string(event.get())));
    }
    return event;
  }

  std::string no_answer(std::string_view question) const {
    return fmt::format("{}, asked for {}", publish::no_answer(brokers, trouble_of(client.get())), question);
  }
};

TopicAdmin::TopicAdmin(const KafkaSettings& settings, std::chrono::milliseconds timeout)
    : handle_(std::make_unique<Handle>()) {
  handle_->client = make_client(ClientKind::kAsking, client_settings(settings));
  handle_->brokers = settings.brokers;
  handle_->timeout_ms = static_cast<int>(timeout.count());
  handle_->queue.reset(rd_kafka_queue_new(handle_->client.get()));
}

TopicAdmin::~TopicAdmin() = default;

ClusterState TopicAdmin::look(std::string_view prefix) {
  const Metadata metadata = ask_metadata(handle_->client.get(), nullptr, handle_->timeout());
  if (!metadata) throw std::runtime_error(handle_->no_answer("the list of topics"));
  ClusterState state;
  state.brokers = metadata->broker_cnt;
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    const auto& topic = metadata->topics[i];
    if (std::string_view(topic.topic).starts_with(prefix)) state.topics.push_back(to_existing(topic));
  }
  std::sort(state.topics.begin(), state.topics.end(),
            [](const ExistingTopic& a, const ExistingTopic& b) { return a.name < b.name; });
  return state;
}

void TopicAdmin::describe(std::vector<ExistingTopic>& topics) {
  if (topics.empty()) return;
  std::vector<Resource> owners;
  std::vector<rd_kafka_ConfigResource_t*> resources;
  for (const ExistingTopic& topic : topics) {
    owners.emplace_back(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.name.c_str()),
                        rd_kafka_ConfigResource_destroy);
    resources.push_back(owners.back().get());
  }
  const Options options = handle_->options(RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
  rd_kafka_DescribeConfigs(handle_->client.get(), resources.data(), resources.size(), options.get(),
                           handle_->queue.get());
  const Event event = handle_->answer("configuration of topics");
  std::size_t count = 0;
  const rd_kafka_ConfigResource_t** answers =
      rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view name = rd_kafka_ConfigResource_name(answers[i]);
    const auto found =
        std::find_if(topics.begin(), topics.end(), [&](const auto& topic) { return topic.name == name; });
    if (found != topics.end()) found->config = config_of(answers[i]);
  }
}

std::vector<std::string> TopicAdmin::create(const std::vector<WantedTopic>& topics, std::int32_t replication) {
  std::vector<std::string> errors;
  if (topics.empty()) return errors;
  std::vector<NewTopic> owners;
  std::vector<rd_kafka_NewTopic_t*> wanted;
  for (const WantedTopic& topic : topics) {
    owners.push_back(to_new_topic(topic, replication));
    wanted.push_back(owners.back().get());
  }
  const Options options = handle_->options(RD_KAFKA_ADMIN_OP_CREATETOPICS);
  rd_kafka_CreateTopics(handle_->client.get(), wanted.data(), wanted.size(), options.get(), handle_->queue.get());
  const Event event = handle_->answer("making topics");
  std::size_t count = 0;
  const rd_kafka_topic_result_t** results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto error = rd_kafka_topic_result_error(results[i]);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR || error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
      // The controller has made it; the broker that is asked next shall know it, too.
      partition_count(handle_->client.get(), rd_kafka_topic_result_name(results[i]), handle_->timeout());
      continue;
    }
    if (error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
        error == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED) {
      errors.push_back(not_authorized("topic", rd_kafka_topic_result_name(results[i]), "Create"));
      continue;
    }
    const char* text = rd_kafka_topic_result_error_string(results[i]);
    errors.push_back(
        fmt::format("topic {}: {}", rd_kafka_topic_result_name(results[i]), text ? text : rd_kafka_err2str(error)));
  }
  return errors;
}

}  // namespace millrace::publish

#include "publish/kafka/group_member.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>
#include <spdlog/spdlog.h>

#include <deque>
#include <stdexcept>
#include <utility>

#include "publish/kafka/client.h"
#include "publish/kafka/consumer_poll.h"
#include "publish/kafka/topic_names.h"

namespace millrace::publish {
namespace {

using std::chrono::milliseconds;
using Message = std::unique_ptr<rd_kafka_message_t, decltype(&rd_kafka_message_destroy)>;
using Partitions = std::unique_ptr<rd_kafka_topic_partition_list_t, decltype(&rd_kafka_topic_partition_list_destroy)>;
using Error = std::unique_ptr<rd_kafka_error_t, decltype(&rd_kafka_error_destroy)>;

constexpr int kMostAtOnce = 10'000;  // records of one poll()

// One change of the assignment, as the group decided it.
struct Rebalance {
  bool assigned = false;
  Revocation how = Revocation::kHandedOver;
  Partitions partitions{nullptr, rd_kafka_topic_partition_list_destroy};

  std::vector<std::int32_t> numbers() const {
    std::vector<std::int32_t> out;
    for (int i = 0; i < partitions->cnt; ++i) out.push_back(partitions->elems[i].partition);
    return out;
  }
};

// The handle's opaque. The callback only notes what was decided: librdkafka waits until it is answered.
struct Rebalances : Trouble {
  std::deque<Rebalance> waiting;  // the polling thread's, like the callback
  bool leaving = false;
};

void answer(rd_kafka_t* client, const Rebalance& rebalance) {
  const Error error(rebalance.assigned ? rd_kafka_incremental_assign(client, rebalance.partitions.get())
                                       : rd_kafka_incremental_unassign(client, rebalance.partitions.get()),
                    rd_kafka_error_destroy);
  if (error) spdlog::error("kafka: group: {}", rd_kafka_error_string(error.get()));
}

void on_rebalance(rd_kafka_t* client, rd_kafka_resp_err_t decided, rd_kafka_topic_partition_list_t* partitions,
                  void* opaque) {
  auto& rebalances = *static_cast<Rebalances*>(static_cast<Trouble*>(opaque));
  Rebalance one;
  one.assigned = decided == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
  if (!one.assigned && rd_kafka_assignment_lost(client) != 0) one.how = Revocation::kLost;
  one.partitions.reset(rd_kafka_topic_partition_list_copy(partitions));
  // At the end nobody polls any more.
  if (rebalances.leaving) return answer(client, one);
  rebalances.waiting.push_back(std::move(one));
}

// A heartbeat a second, so that the others hear of a change within one. The times may be set by properties.
SettingList member_settings(const KafkaSettings& settings, const std::string& group) {
  SettingList all{{"session.timeout.ms", "6000"}, {"heartbeat.interval.ms", "1000"}, {"max.poll.interval.ms", "30000"}};
  for (auto& one : client_settings(settings)) all.push_back(std::move(one));
  all.emplace_back("group.id", full_topic(settings.prefix, group));
  all.emplace_back("partition.assignment.strategy", "cooperative-sticky");
  all.emplace_back("enable.auto.commit", "false");
  all.emplace_back("enable.partition.eof", "true");
  all.emplace_back("fetch.wait.max.ms", "100");
  return all;
}

}  // namespace

struct GroupMember::Handle {
  std::string group;
  std::string topic;
  ConsumerPoll poll;
  Client client;
  std::int32_t partitions = 0;
  std::optional<Rebalance> revoked;  // until give_up()

  Rebalances& rebalances() const {
    return *static_cast<Rebalances*>(static_cast<Trouble*>(rd_kafka_opaque(client.get())));
  }
};

GroupMember::GroupMember(const KafkaSettings& settings, const std::string& group, const std::string& topic,
                         milliseconds timeout)
    : handle_(std::make_unique<Handle>()) {
  handle_->group = full_topic(settings.prefix, group);
  handle_->topic = full_topic(settings.prefix, topic);
  const auto with_rebalances = [](rd_kafka_conf_t* conf) { rd_kafka_conf_set_rebalance_cb(conf, on_rebalance); };
  handle_->client = make_client(ClientKind::kReading, member_settings(settings, group), with_rebalances,
                                std::make_unique<Rebalances>());
  rd_kafka_t* const client = handle_->client.get();
  rd_kafka_poll_set_consumer(client);
  handle_->poll.watch(client);
  handle_->partitions = partitions_of_existing(client, settings.brokers, handle_->topic, timeout);
  const Partitions wanted(rd_kafka_topic_partition_list_new(1), rd_kafka_topic_partition_list_destroy);
  rd_kafka_topic_partition_list_add(wanted.get(), handle_->topic.c_str(), RD_KAFKA_PARTITION_UA);
  if (const auto error = rd_kafka_subscribe(client, wanted.get()); error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw std::runtime_error(fmt::format("kafka: group {}: {}", handle_->group, rd_kafka_err2str(error)));
  }
}

// What is still to be given up is given up here; closing revokes the rest, which the callback answers.
GroupMember::~GroupMember() {
  rd_kafka_t* const client = handle_->client.get();
  Rebalances& rebalances = handle_->rebalances();
  rebalances.leaving = true;
  if (handle_->revoked) answer(client, *std::exchange(handle_->revoked, std::nullopt));
  for (const Rebalance& one : rebalances.waiting) answer(client, one);
  rebalances.waiting.clear();
  rd_kafka_consumer_close(client);
}

// A change that was decided waits for the answer to the one before.
void GroupMember::poll(milliseconds wait, GroupListener& listener) {
  rd_kafka_t* const client = handle_->client.get();
  Rebalances& rebalances = handle_->rebalances();
  for (int i = 0; i < kMostAtOnce; ++i) {
    const Message message(handle_->poll.poll(client, i == 0 ? wait : milliseconds{0}), rd_kafka_message_destroy);
    while (!handle_->revoked && !rebalances.waiting.empty()) {
      Rebalance one = std::move(rebalances.waiting.front());
      rebalances.waiting.pop_front();
      if (one.assigned) {
        for (int p = 0; p < one.partitions->cnt; ++p) one.partitions->elems[p].offset = RD_KAFKA_OFFSET_BEGINNING;
        answer(client, one);
        listener.on_assigned(one.numbers());
      } else {
        handle_->revoked = std::move(one);
        listener.on_revoked(handle_->revoked->numbers(), handle_->revoked->how);
      }
    }
    if (!message) return;
    switch (message->err) {
      case RD_KAFKA_RESP_ERR_NO_ERROR: {
        const std::string_view key(static_cast<const char*>(message->key), message->key_len);
        std::optional<std::string_view> value;
        if (message->payload != nullptr) value.emplace(static_cast<const char*>(message->payload), message->len);
        listener.on_record(message->partition, key, value);
        break;
      }
      case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        listener.on_end(message->partition);
        break;
      case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        throw std::runtime_error(not_authorized("topic", handle_->topic, "Read"));
      case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
        throw std::runtime_error(not_authorized("group", handle_->group, "Read"));
      default:  // librdkafka tries again; a broker that is away is in its log
        spdlog::warn("kafka: group {}: {}", handle_->group, rd_kafka_message_errstr(message.get()));
    }
  }
}

void GroupMember::give_up() {
  if (handle_->revoked) answer(handle_->client.get(), *std::exchange(handle_->revoked, std::nullopt));
}

std::int32_t GroupMember::partitions() const noexcept { return handle_->partitions; }

Transactor::Outcome GroupMember::commit(Transactor& transactor, const TransactionRecord& record, milliseconds timeout,
                                        std::string& error, std::int64_t& offset) {
  return transactor.commit_as_member(record, handle_->client.get(), timeout, error, offset);
}

}  // namespace millrace::publish

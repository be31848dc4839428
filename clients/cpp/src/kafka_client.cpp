#include "clients/cpp/src/kafka_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>

namespace millrace::client {
namespace {

// Set by the library, and not to be overridden.
constexpr std::array<std::string_view, 14> kReserved{"bootstrap.servers",
                                                     "metadata.broker.list",
                                                     "group.id",
                                                     "enable.auto.commit",
                                                     "enable.auto.offset.store",
                                                     "enable.partition.eof",
                                                     "auto.offset.reset",
                                                     "partition.assignment.strategy",
                                                     "isolation.level",
                                                     "acks",
                                                     "request.required.acks",
                                                     "message.timeout.ms",
                                                     "delivery.timeout.ms",
                                                     "transactional.id"};

// On librdkafka's threads. Its levels are syslog's: 3 and below are errors, 4 warnings. The settings of one list go to
// consumers and producers alike, and what it says about those of the other kind is of no use.
void log_line(const rd_kafka_t* client, int level, const char* facility, const char* text) {
  if (std::string_view(facility) == "CONFWARN") return;
  static_cast<Owner*>(rd_kafka_opaque(client))->trouble.note(facility, text);
  const LogLevel severity = level <= 3   ? LogLevel::kError
                            : level == 4 ? LogLevel::kWarning
                            : level <= 6 ? LogLevel::kInfo
                                         : LogLevel::kDebug;
  static_cast<Owner*>(rd_kafka_opaque(client))->log(severity, fmt::format("kafka {}: {}", facility, text));
}

// Errors come back as messages and answers, and stand in the log; without this callback they would stand there twice.
void ignore_error(rd_kafka_t*, int, const char*, void*) {}

void set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  char text[512];
  switch (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), text, sizeof text)) {
    case RD_KAFKA_CONF_OK:
      return;
    case RD_KAFKA_CONF_UNKNOWN:
      throw std::invalid_argument(fmt::format("kafka.{}: librdkafka knows no such setting", name));
    default:
      throw std::invalid_argument(fmt::format("kafka.{}: librdkafka refuses the value", name));
  }
}

}  // namespace

void check_settings(const Options& options) {
  const Conf conf(rd_kafka_conf_new());
  for (const auto& [name, value] : options.kafka) {
    if (std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end()) {
      throw std::invalid_argument(fmt::format("kafka.{}: cannot be changed, a guarantee rests on it", name));
    }
    set(conf.get(), name, value);
  }
}

Conf make_conf(const Options& options, const SettingList& ours, Owner& owner) {
  Conf conf(rd_kafka_conf_new());
  set(conf.get(), "bootstrap.servers", options.brokers);
  set(conf.get(), "reconnect.backoff.max.ms", "1000");
  set(conf.get(), "socket.keepalive.enable", "true");
  // How long the accounts of a process that died wait for another one; the least that brokers allow by default.
  set(conf.get(), "session.timeout.ms", "6000");
  set(conf.get(), "heartbeat.interval.ms", "2000");
  for (const auto& [name, value] : options.kafka) set(conf.get(), name, value);
  for (const auto& [name, value] : ours) set(conf.get(), name, value);
  owner.brokers = options.brokers;
  rd_kafka_conf_set_opaque(conf.get(), &owner);
  rd_kafka_conf_set_log_cb(conf.get(), log_line);
  rd_kafka_conf_set_error_cb(conf.get(), ignore_error);
  return conf;
}

// librdkafka takes the configuration over only if it succeeds.
Handle make_handle(rd_kafka_type_t kind, Conf conf) {
  char text[512] = "";
  Handle handle(rd_kafka_new(kind, conf.get(), text, sizeof text));
  if (!handle) throw std::runtime_error(fmt::format("kafka: cannot make a client: {}", text));
  static_cast<void>(conf.release());
  return handle;
}

// In turns that grow, so that a connection that is refused for good (a wrong password) is noticed.
int partition_count(rd_kafka_t* client, const std::string& topic, std::chrono::milliseconds timeout,
                    std::string_view operations) {
  using std::chrono::milliseconds;
  const auto& owner = *static_cast<const Owner*>(rd_kafka_opaque(client));
  const Topic handle(rd_kafka_topic_new(client, topic.c_str(), nullptr));
  const rd_kafka_metadata_t* metadata = nullptr;
  const auto until = std::chrono::steady_clock::now() + timeout;
  for (milliseconds turn{1'000}; metadata == nullptr; turn *= 2) {
    const auto left = std::chrono::duration_cast<milliseconds>(until - std::chrono::steady_clock::now());
    const auto wait = std::max(std::min(turn, left), milliseconds{1});
    const auto error = rd_kafka_metadata(client, 0, handle.get(), &metadata, static_cast<int>(wait.count()));
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) break;
    metadata = nullptr;
    if (!owner.trouble.refused() && left > turn) continue;
    throw std::runtime_error(fmt::format("topic {}: {}", topic, publish::no_answer(owner.brokers, owner.trouble)));
  }
  const bool hidden =
      metadata->topic_cnt == 1 && metadata->topics[0].err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
  const int count = metadata->topic_cnt == 1 ? metadata->topics[0].partition_cnt : 0;
  rd_kafka_metadata_destroy(metadata);
  if (hidden) throw std::runtime_error(publish::not_authorized("topic", topic, operations));
  return count;
}

}  // namespace millrace::client

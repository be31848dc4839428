#include "publish/kafka/settings.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>

#include "publish/kafka/client.h"

namespace millrace::publish {
namespace {

struct Setting {
  std::string_view name;
  std::string_view value;
};

// Set on every producer and not to be overridden: each carries a promise of design section 5 or 7.
constexpr std::array kPromised = {
    Setting{"acks", "all"},
    Setting{"request.required.acks", "all"},  // librdkafka's older name of acks
    Setting{"enable.idempotence", "true"},
    Setting{"message.timeout.ms", "0"},  // a record waits for the broker as long as it takes
    Setting{"delivery.timeout.ms", "0"},
    Setting{"message.send.max.retries", "2147483647"},
    Setting{"retries", "2147483647"},
    Setting{"delivery.report.only.error", "false"},  // the ring is released by reports
    Setting{"transactional.id", ""},
    Setting{"bootstrap.servers", ""},  // has a key of its own
    Setting{"metadata.broker.list", ""},
};

// Defaults of a market lane. The queue limit bounds librdkafka's own memory (about 300 B a record); what does not fit
// stays in the lane's ring.
constexpr std::array kProducerDefaults = {
    Setting{"compression.codec", "lz4"},
    Setting{"max.in.flight.requests.per.connection", "5"},
    Setting{"queue.buffering.max.messages", "200000"},
    Setting{"queue.buffering.max.kbytes", "2097151"},
};

constexpr std::array kClientDefaults = {
    Setting{"socket.nagle.disable", "true"},
    Setting{"reconnect.backoff.max.ms", "1000"},
    Setting{"socket.timeout.ms", "10000"},
    Setting{"socket.keepalive.enable", "true"},
    Setting{"message.max.bytes", "4194304"},
    // How long a topic that was refused, deleted or made anew stays unknown; librdkafka's own five minutes are long.
    Setting{"topic.metadata.refresh.interval.ms", "5000"},
};

// Is this a key that only a producer knows? Clients that read would warn about it.
bool is_producer_only(std::string_view name) {
  static constexpr std::array kNames = {"linger.ms",
                                        "queue.buffering.max.ms",
                                        "compression.codec",
                                        "compression.type",
                                        "compression.level",
                                        "batch.size",
                                        "batch.num.messages",
                                        "queue.buffering.max.messages",
                                        "queue.buffering.max.kbytes",
                                        "queue.buffering.backpressure.threshold",
                                        "sticky.partitioning.linger.ms"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

bool is_promised(std::string_view name) {
  return std::any_of(kPromised.begin(), kPromised.end(), [&](const Setting& one) { return one.name == name; });
}

// A file that librdkafka opens when a client is made: said here, with its name, before one is.
std::string file_problem(const std::string& name, const std::string& value) {
  const bool names_file = name.starts_with("ssl.") && name.ends_with(".location");
  if (!names_file || value == "probe" || access(value.c_str(), R_OK) == 0) return {};
  return fmt::format("kafka.properties.{}: {}: {}", name, value, std::strerror(errno));
}

// Empty if librdkafka takes it.
std::string problem_of(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  if (is_promised(name)) return fmt::format("kafka.properties.{}: cannot be changed, a promise rests on it", name);
  char text[512];
  switch (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), text, sizeof text)) {
    case RD_KAFKA_CONF_OK:
      return file_problem(name, value);
    case RD_KAFKA_CONF_UNKNOWN:
      return fmt::format("kafka.properties.{}: librdkafka knows no such setting", name);
    // librdkafka's own text may repeat the value, which may be a secret.
    default:
      return fmt::format("kafka.properties.{}: librdkafka refuses the value", name);
  }
}

}  // namespace

bool is_secret(std::string_view name) noexcept {
  static constexpr std::array kNames = {"sasl.password",
                                        "ssl.key.password",
                                        "ssl.keystore.password",
                                        "ssl.key.pem",
                                        "ssl_key",
                                        "sasl.oauthbearer.client.secret",
                                        "sasl.oauthbearer.config"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

std::vector<std::string> problems(const KafkaSettings& settings) {
  std::vector<std::string> found;
  if (settings.brokers.empty()) found.emplace_back("kafka.brokers: missing, such as \"127.0.0.1:9092\"");
  const Conf conf(rd_kafka_conf_new());
  for (const auto& [name, value] : settings.properties) {
    if (auto problem = problem_of(conf.get(), name, value); !problem.empty()) found.push_back(std::move(problem));
  }
  return found;
}

// The user's properties come behind our defaults and win, security above all.
std::vector<std::pair<std::string, std::string>> client_settings(const KafkaSettings& settings) {
  std::vector<std::pair<std::string, std::string>> all{{"bootstrap.servers", settings.brokers}};
  for (const Setting& one : kClientDefaults) all.emplace_back(one.name, one.value);
  for (const auto& [name, value] : settings.properties) {
    if (!is_producer_only(name)) all.emplace_back(name, value);
  }
  return all;
}

// The promised ones come last, so that nothing before them can win; problems() has told the user already.
std::vector<std::pair<std::string, std::string>> producer_settings(const KafkaSettings& settings) {
  std::vector<std::pair<std::string, std::string>> all{{"bootstrap.servers", settings.brokers}};
  for (const Setting& one : kClientDefaults) all.emplace_back(one.name, one.value);
  all.emplace_back("linger.ms", fmt::format("{}.{:03}", settings.linger_us / 1000, settings.linger_us % 1000));
  for (const Setting& one : kProducerDefaults) all.emplace_back(one.name, one.value);
  for (const auto& [name, value] : settings.properties) all.emplace_back(name, value);
  all.emplace_back("acks", "all");
  all.emplace_back("enable.idempotence", "true");
  all.emplace_back("message.timeout.ms", "0");
  return all;
}

}  // namespace millrace::publish

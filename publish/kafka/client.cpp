#include "publish/kafka/client.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <stdexcept>

namespace millrace::publish {
namespace {

// Called on librdkafka's threads.
void log_line(const rd_kafka_t*, int level, const char* facility, const char* text) {
  // librdkafka's levels are syslog's: 3 and below are errors, 4 warnings.
  const auto severity = level <= 4 ? spdlog::level::warn : level <= 5 ? spdlog::level::info : spdlog::level::debug;
  spdlog::log(severity, "kafka {}: {}", facility, text);
}

void ignore_error(rd_kafka_t*, int, const char*, void*) {
  // Every error that matters comes back as a report, an answer or dead(), and its text is in the log line beside it.
  // Without a callback librdkafka would log each one twice.
}

}  // namespace

Conf make_conf(const SettingList& settings) {
  Conf conf(rd_kafka_conf_new());
  char text[512];
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), text, sizeof text) == RD_KAFKA_CONF_OK) continue;
    throw std::runtime_error(fmt::format("kafka: librdkafka refuses the setting {}: see kafka.properties", name));
  }
  rd_kafka_conf_set_error_cb(conf.get(), ignore_error);
  rd_kafka_conf_set_log_cb(conf.get(), log_line);
  return conf;
}

// librdkafka takes the configuration over only if it succeeds; else it stays ours and is freed here.
Client make_client(ClientKind kind, const SettingList& settings) {
  Conf conf = make_conf(settings);
  char text[512] = "";
  Client client(rd_kafka_new(kind == ClientKind::kReading ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER, conf.get(), text,
                             sizeof text));
  if (!client) throw std::runtime_error(fmt::format("kafka: cannot make a client: {}", text));
  static_cast<void>(conf.release());  // librdkafka's now
  return client;
}

}  // namespace millrace::publish

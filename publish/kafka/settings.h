#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::publish {

// How to reach the broker, as the configuration's `kafka` section gives it. A value; made once at start.
struct KafkaSettings {
  std::string brokers;              // "host:port,host:port"
  std::string prefix = "millrace";  // of all topics
  std::int64_t linger_us = 500;     // how long the market lane waits for a batch to fill
  // librdkafka's own settings, by its names; they win over the rest. May hold secrets: never logged.
  std::map<std::string, std::string> properties;
};

inline constexpr std::size_t kMaxMessageBytes = 4 * 1024 * 1024;  // topics.yaml gives topics the same

// Is this one of librdkafka's settings whose value is a secret (sasl.password, ssl.key.pem ...)?
bool is_secret(std::string_view name) noexcept;

// What is wrong with the settings, one line each, each naming the key: unknown keys, values out of range, and values
// that would break a promise (acks, enable.idempotence, message.timeout.ms ...), files that cannot be read. Values are
// not repeated, as they may be secrets, but for the names of those files. Asks no broker.
std::vector<std::string> problems(const KafkaSettings& settings);

// Name and value of every setting of a market lane's producer, the properties last.
std::vector<std::pair<std::string, std::string>> producer_settings(const KafkaSettings& settings);
// The same for clients that only ask or read (admin, claim, verify): address, security and timeouts.
std::vector<std::pair<std::string, std::string>> client_settings(const KafkaSettings& settings);

}  // namespace millrace::publish

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "publish/kafka/settings.h"

namespace millrace::publish {

// What to read of which topics (names as the broker knows them).
struct ReadScope {
  std::vector<std::string> topics;
  std::optional<std::int64_t> last;  // only so many records at the end of each partition; none = all of them
};

// `topic` is one of the scope's; both views end with the call. Records of a partition come in its order, those of
// different partitions in any.
using TakeRecord = std::function<void(std::string_view topic, std::string_view value)>;

// Reads the topics once, up to their end as it is now, on the caller's thread. For start-up. False: not at the end by
// the deadline; what had come was taken. Throws std::runtime_error, with what to do, if a topic is missing, the broker
// refuses or does not answer at all.
bool read_topics(const KafkaSettings& settings, const ReadScope& scope, std::chrono::steady_clock::time_point deadline,
                 const TakeRecord& take);

// What is left until the deadline, at least 1 ms: librdkafka takes 0 for "do not wait" or "for ever".
std::chrono::milliseconds left_until(std::chrono::steady_clock::time_point deadline);

}  // namespace millrace::publish

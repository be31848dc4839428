#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "publish/kafka/settings.h"
#include "replay/history/writer.h"

namespace millrace::history {

// How a topic of history is made that is not there: with as many partitions as its source has, else this many.
using PartitionCounts = std::map<std::string, std::int32_t>;  // by topic after "{prefix}."
inline constexpr std::int32_t kDefaultPartitions = 4;

// Publishes under another prefix (`kafka.prefix`): origin HISTORY, epoch and seq of the source, a new publish time,
// header `mr`, and as Kafka's time the receive time, never later than now. Topics are made when their first record
// comes, without retention; one that is there and would forget records by age or compaction is refused. Throws
// std::runtime_error if the broker does not answer, if the prefix is one that a worker publishes under, and later for
// whatever keeps a record from arriving: a replay either arrives whole or fails. `clock`: ns since 1970.
std::unique_ptr<Writer> make_topic_writer(const publish::KafkaSettings& kafka, PartitionCounts partitions,
                                          std::function<schemas::UnixNanos()> clock);

}  // namespace millrace::history

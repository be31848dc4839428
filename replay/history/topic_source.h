#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "publish/kafka/settings.h"
#include "replay/history/selection.h"
#include "replay/history/source.h"

namespace millrace::history {

struct TopicSources {
  std::vector<std::unique_ptr<Source>> sources;
  std::map<std::string, std::int32_t> partitions;  // of each topic that is read, by its name after "{prefix}."
};

// One source, or none if nothing lies in the range, with a part for each partition of the topics under the prefix that
// can hold something of the selection: from the first record that can lie in the range (books: `lookback_ns` before it)
// to the end as it is now. Committed records only, no group, nothing is committed. Blocks for some seconds; throws
// std::runtime_error, with what to do, if the broker does not answer or no such topic is there. `stop` is asked while a
// broker that fell silent is waited for.
TopicSources open_topics(const publish::KafkaSettings& kafka, const Selection& selection, const TimeRange& range,
                         std::int64_t lookback_ns, const std::function<bool()>& stop);

}  // namespace millrace::history

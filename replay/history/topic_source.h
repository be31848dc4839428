#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "publish/kafka/settings.h"
#include "replay/history/ordered_reader.h"
#include "replay/history/selection.h"
#include "replay/history/source.h"

namespace millrace::history {

// One source for each partition of the topics under the prefix that can hold something of the selection, from the first
// record that can lie in the range (books: `lookback_ns` before it) to the end as it is now. Committed records only, no
// group, nothing is committed. They share one client, which ends with the last of them. Blocks for some seconds; throws
// std::runtime_error, with what to do, if the broker does not answer or nothing is there.
std::vector<std::unique_ptr<Source>> open_topics(const publish::KafkaSettings& kafka, const Selection& selection,
                                                 const TimeRange& range, std::int64_t lookback_ns);

}  // namespace millrace::history

#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/subscribe/wish.h"
#include "publish/kafka/settings.h"

namespace millrace::cli {

// A record that is not known to be in the topic, by its place among those that were to be sent.
struct Unsent {
  std::size_t record;
  std::string_view why;  // a fixed word: publish::name(Fate), or "no_answer"
};

// Writes the records to the topic `ctl.subscription.v1` under the settings' prefix, each to the partition that Java's
// partitioner gives its key, and waits until the broker has acknowledged them; `timeout` is for all of it. The result
// names those that it did not acknowledge. They are sent in order and from where they are. Throws std::runtime_error,
// with what to do, if nothing can be written: no broker, no topic, no right. On the caller's thread.
std::vector<Unsent> send_all(const publish::KafkaSettings& settings, std::span<SubscriptionRecord> records,
                             std::chrono::milliseconds timeout);

}  // namespace millrace::cli

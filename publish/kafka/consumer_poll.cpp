#include "publish/kafka/consumer_poll.h"

#include <poll.h>
#include <unistd.h>

#include <cstdint>

#include "publish/kafka/wake_fd.h"

namespace millrace::publish {

ConsumerPoll::ConsumerPoll() : wake_fd_(make_wake_fd()) {}

ConsumerPoll::~ConsumerPoll() { close(wake_fd_); }

void ConsumerPoll::watch(rd_kafka_t* consumer) { wake_by(rd_kafka_queue_get_consumer(consumer), wake_fd_); }

// Emptied before the queue is looked at: what comes after that look is heard of again.
rd_kafka_message_t* ConsumerPoll::poll(rd_kafka_t* consumer, std::chrono::milliseconds wait) {
  rd_kafka_message_t* const there = rd_kafka_consumer_poll(consumer, 0);
  if (there || wait <= std::chrono::milliseconds::zero()) return there;
  pollfd waited{wake_fd_, POLLIN, 0};
  if (::poll(&waited, 1, static_cast<int>(wait.count())) <= 0) return nullptr;
  std::uint64_t count = 0;
  if (read(wake_fd_, &count, sizeof count) < 0) return nullptr;
  return rd_kafka_consumer_poll(consumer, 0);
}

}  // namespace millrace::publish

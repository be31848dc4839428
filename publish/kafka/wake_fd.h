#pragma once

#include <librdkafka/rdkafka.h>
#include <sys/eventfd.h>

#include <cstdint>
#include <stdexcept>

namespace millrace::publish {

// For what a thread waits on that is told by librdkafka. Throws std::runtime_error.
inline int make_wake_fd() {
  const int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (fd < 0) throw std::runtime_error("kafka: no eventfd: too many open files?");
  return fd;
}

// From now on librdkafka writes to it whenever `queue`, which is given up, becomes non-empty.
inline void wake_by(rd_kafka_queue_t* queue, int wake_fd) {
  static constexpr std::uint64_t kOne = 1;  // what an eventfd wants written
  rd_kafka_queue_io_event_enable(queue, wake_fd, &kOne, sizeof kOne);
  rd_kafka_queue_destroy(queue);
}

}  // namespace millrace::publish

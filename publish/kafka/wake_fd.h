#pragma once

#include <sys/eventfd.h>

#include <stdexcept>

namespace millrace::publish {

// For what a thread waits on that is told by librdkafka. Throws std::runtime_error.
inline int make_wake_fd() {
  const int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (fd < 0) throw std::runtime_error("kafka: no eventfd: too many open files?");
  return fd;
}

}  // namespace millrace::publish

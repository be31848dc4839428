#include "ingest/worker/thread_priority.h"

#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace millrace::ingest {
namespace {

constexpr int kYield = 10;  // that much more nice: a ninth of the weight

}  // namespace

// Linux has one nice per thread, and takes a thread's number where POSIX says "process" (setpriority(2)).
void yield_to_accounts() {
  const auto thread = static_cast<id_t>(gettid());
  if (setpriority(PRIO_PROCESS, thread, getpriority(PRIO_PROCESS, thread) + kYield) == 0) return;
  spdlog::warn("thread_priority_refused detail=\"{}\"", std::strerror(errno));
}

}  // namespace millrace::ingest

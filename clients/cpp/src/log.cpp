#include "clients/cpp/src/log.h"

#include <cstdio>
#include <string>

namespace millrace::client {

void Log::operator()(LogLevel level, std::string_view text) noexcept {
  try {
    const std::scoped_lock lock(mutex_);
    callback_(level, text);
  } catch (...) {  // NOLINT: a log that fails is no reason to lose an event
  }
}

void log_to_stderr(LogLevel level, std::string_view text) {
  if (level < LogLevel::kWarning) return;
  const std::string line = "millrace: " + std::string(text) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace millrace::client

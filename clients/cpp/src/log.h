#pragma once

#include <mutex>
#include <string_view>

#include "millrace/options.h"

namespace millrace::client {

// The log callback, one call at a time and without its exceptions. Any thread.
class Log {
 public:
  explicit Log(LogCallback callback) : callback_(std::move(callback)) {}

  void operator()(LogLevel level, std::string_view text) noexcept;

 private:
  std::mutex mutex_;
  const LogCallback callback_;
};

// Warnings and errors to standard error.
void log_to_stderr(LogLevel level, std::string_view text);

}  // namespace millrace::client

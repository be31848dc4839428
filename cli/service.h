#pragma once

#include <signal.h>
#include <time.h>

#include <chrono>
#include <optional>
#include <string>

// What the subcommands that run until they are told to stop have in common.
namespace millrace::cli {

// The signals that this program waits for; blocked in every thread, so that only wait() takes them.
class Signals {
 public:
  Signals() {
    sigemptyset(&set_);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set_, signal);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    // A socket that is gone is an error of its write, not the end of the process.
    signal(SIGPIPE, SIG_IGN);
  }

  // The next one; nothing if `deadline` passes first.
  std::optional<int> wait(std::optional<std::chrono::steady_clock::time_point> deadline) const {
    for (;;) {
      const auto left = deadline ? *deadline - std::chrono::steady_clock::now() : std::chrono::hours(1);
      if (left <= std::chrono::nanoseconds(0)) return std::nullopt;
      const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(left).count();
      const timespec timeout{ns / 1'000'000'000, ns % 1'000'000'000};
      const int signal = sigtimedwait(&set_, nullptr, &timeout);
      if (signal > 0) return signal;
    }
  }

 private:
  sigset_t set_;
};

// Log lines on standard error, one a line, times in UTC.
void set_up_log(const std::string& level);

}  // namespace millrace::cli

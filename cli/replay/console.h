#pragma once

#include <termios.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

#include "replay/history/pace.h"
#include "replay/history/stream.h"

namespace millrace::cli {

// Who sits at a running replay: keeps the pace, shows progress on standard error, and listens. SIGUSR1 pauses, SIGUSR2
// goes on, the space bar of a terminal does either, SIGINT and SIGTERM end it; time that the process was stopped
// (SIGTSTP, SIGSTOP) is not made up. One at a time; one thread. While it lives standard input, if it is a terminal and
// nobody else reads it, gives keys one by one.
class ReplayConsole {
 public:
  struct Options {
    double speed = 0;       // as Pace
    bool progress = false;  // show the line
    bool keys = false;      // listen to standard input if it is a terminal
  };
  explicit ReplayConsole(const Options& options);
  ~ReplayConsole();
  ReplayConsole(const ReplayConsole&) = delete;
  ReplayConsole& operator=(const ReplayConsole&) = delete;

  // What the progress line asks; set before the replay runs.
  std::function<double()> share = [] { return 0.0; };
  std::function<std::int64_t()> records = [] { return std::int64_t{0}; };
  // Called before waiting: what was written shall be seen meanwhile.
  std::function<void()> flush = [] {};

  // Returns when the record is due; false if the replay shall end.
  bool wait(const history::Record& record);
  bool stopped() const;

 private:
  using Clock = std::chrono::steady_clock;

  void listen();
  void take_keys();
  void hold(std::int64_t nanoseconds);
  void show();
  void keys_on();
  void keys_off();

  Options options_;
  history::Pace pace_;
  std::int64_t count_ = 0;
  unsigned continued_ = 0;  // how often the process had been continued when we looked last
  std::optional<termios> terminal_;
  Clock::time_point begun_ = Clock::now();
  Clock::time_point shown_ = begun_;
  std::int64_t shown_records_ = 0;
  bool line_there_ = false;
};

}  // namespace millrace::cli

#include "cli/replay/console.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <thread>

#include "cli/kafka_reader.h"
#include "cli/replay/progress_line.h"

namespace millrace::cli {
namespace {

using std::chrono::milliseconds;

// The longest that a key or signal is not looked at.
constexpr std::int64_t kSlice = 50'000'000;
constexpr std::int64_t kWorthFlushing = 1'000'000;
// As fast as possible, clocks and keys are looked at once in so many records.
constexpr std::int64_t kLookEvery = 1024;

// Handlers may do no more than this.
std::atomic<bool> g_paused{false};
std::atomic<unsigned> g_continued{0};
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<unsigned>::is_always_lock_free);

void install_handlers() {
  std::signal(SIGUSR1, [](int) { g_paused = true; });
  std::signal(SIGUSR2, [](int) { g_paused = false; });
  std::signal(SIGCONT, [](int) { ++g_continued; });
  std::signal(SIGPIPE, SIG_IGN);  // output that nobody reads is an error of its write
}

std::int64_t nanos(std::chrono::steady_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

}  // namespace

ReplayConsole::ReplayConsole(const Options& options) : options_{options}, pace_{options.speed} {
  static_cast<void>(interrupted());
  install_handlers();
  continued_ = g_continued;
  keys_on();
}

ReplayConsole::~ReplayConsole() {
  keys_off();
  if (line_there_) std::fputs("\r\033[K", stderr);
}

// Only the terminal's foreground may change it: in the background that would stop the process.
void ReplayConsole::keys_on() {
  termios now{};
  if (!options_.keys || isatty(STDIN_FILENO) == 0 || tcgetpgrp(STDIN_FILENO) != getpgrp()) return;
  if (tcgetattr(STDIN_FILENO, &now) != 0) return;
  if (!terminal_) terminal_ = now;
  now.c_lflag &= static_cast<tcflag_t>(~(ICANON | ECHO));
  now.c_cc[VMIN] = 0;
  now.c_cc[VTIME] = 0;
  tcsetattr(STDIN_FILENO, TCSANOW, &now);
}

void ReplayConsole::keys_off() {
  if (terminal_ && tcgetpgrp(STDIN_FILENO) == getpgrp()) tcsetattr(STDIN_FILENO, TCSANOW, &*terminal_);
}

bool ReplayConsole::stopped() const { return interrupted(); }

void ReplayConsole::take_keys() {
  if (!terminal_) return;
  pollfd input{STDIN_FILENO, POLLIN, 0};
  char key = 0;
  while (poll(&input, 1, 0) > 0 && (input.revents & POLLIN) != 0 && read(STDIN_FILENO, &key, 1) == 1) {
    if (key == ' ') g_paused = !g_paused;
  }
}

// The shell gives a continued process its own terminal settings, so keys are asked for again.
void ReplayConsole::listen() {
  take_keys();
  if (const unsigned continued = g_continued; continued != continued_) {
    continued_ = continued;
    pace_.forget();
    if (terminal_) keys_on();
  }
  pace_.tick(nanos(Clock::now()));
  pace_.pause(g_paused);
  if (options_.progress) show();
}

bool ReplayConsole::wait(const history::Record& record) {
  const bool fast = options_.speed <= 0;
  if (fast && ++count_ % kLookEvery != 0 && !g_paused) return !interrupted();
  while (!interrupted()) {
    listen();
    const std::int64_t left = pace_.wait_for(record.time);
    if (left <= 0) return true;
    hold(left);
  }
  return false;
}

void ReplayConsole::hold(std::int64_t nanoseconds) {
  if (nanoseconds >= kWorthFlushing) flush();
  std::this_thread::sleep_for(std::chrono::nanoseconds(std::min(nanoseconds, kSlice)));
}

void ReplayConsole::show() {
  const auto now = Clock::now();
  const auto since = now - shown_;
  if (since < milliseconds(500)) return;
  ProgressState state;
  state.share = share();
  state.records = records();
  state.rate = static_cast<double>(state.records - shown_records_) / std::chrono::duration<double>(since).count();
  const double took = std::chrono::duration<double>(now - begun_).count();
  state.seconds_left = state.share > 0.001 ? took * (1 - state.share) / state.share : -1;
  state.paused = pace_.paused();
  fmt::print(stderr, "\r\033[K{}", progress_line(state));
  std::fflush(stderr);
  shown_ = now;
  shown_records_ = state.records;
  line_there_ = true;
}

}  // namespace millrace::cli

#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>

#include "clients/cpp/src/timer.h"

namespace millrace::test {

// Time that moves only when a test says so.
class ManualTimer final : public client::Timer {
 public:
  std::int64_t now() override;
  bool wait(std::unique_lock<std::mutex>& lock, std::condition_variable& changed, std::int64_t until,
            const std::function<bool()>& ready) override;

  // Wakes those whose time has come.
  void advance_ms(std::int64_t ms);
  // Waits until somebody waits for a time: how many ms it set out to wait. Fails the test after 30 s.
  std::int64_t await_sleeper();

 private:
  struct Sleeper {
    std::mutex* mutex;
    std::condition_variable* changed;
    std::int64_t until;
    std::int64_t duration;
  };

  std::mutex mutex_;  // never held while one of the sleepers' is taken
  std::condition_variable came_;
  std::list<Sleeper> sleepers_;
  std::int64_t now_ = 1'000'000'000;
};

}  // namespace millrace::test

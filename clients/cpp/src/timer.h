#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>

namespace millrace::client {

inline constexpr std::int64_t kMillisecond = 1'000'000;
inline std::int64_t to_ns(std::chrono::milliseconds time) { return std::chrono::nanoseconds(time).count(); }

// Time that only moves forward, in ns, and waiting for it; tests bring one that stands still. Any thread.
class Timer {
 public:
  virtual ~Timer() = default;

  virtual std::int64_t now() = 0;
  // Waits until ready() or until now() >= `until`; returns ready(). `lock` guards what ready() reads, and who changes
  // that notifies `changed`.
  virtual bool wait(std::unique_lock<std::mutex>& lock, std::condition_variable& changed, std::int64_t until,
                    const std::function<bool()>& ready) = 0;
};

inline constexpr std::int64_t kForever = INT64_MAX;

class SteadyTimer final : public Timer {
 public:
  std::int64_t now() override;
  bool wait(std::unique_lock<std::mutex>& lock, std::condition_variable& changed, std::int64_t until,
            const std::function<bool()>& ready) override;
};

}  // namespace millrace::client

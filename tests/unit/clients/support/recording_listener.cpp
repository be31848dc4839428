#include "tests/unit/clients/support/recording_listener.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace millrace::test {

constexpr std::chrono::seconds kLimit{30};

void RecordingListener::note(std::string line) {
  std::unique_lock lock(mutex_);
  most_ = std::max(most_, ++under_way_);
  lines_.push_back(std::move(line));
  changed_.notify_all();
  if (hang_) {
    hanging_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !hang_; });
    hanging_ = false;
  }
  --under_way_;
  if (to_throw_ > 0) {
    --to_throw_;
    throw std::runtime_error("told to throw");
  }
}

void RecordingListener::throw_next(int calls) {
  const std::scoped_lock lock(mutex_);
  to_throw_ = calls;
}

void RecordingListener::hang_next() {
  const std::scoped_lock lock(mutex_);
  hang_ = true;
}

void RecordingListener::await_hanging() {
  std::unique_lock lock(mutex_);
  EXPECT_TRUE(changed_.wait_for(lock, kLimit, [this] { return hanging_; }));
}

void RecordingListener::release() {
  const std::scoped_lock lock(mutex_);
  hang_ = false;
  changed_.notify_all();
}

std::vector<std::string> RecordingListener::await(std::size_t calls) {
  std::unique_lock lock(mutex_);
  EXPECT_TRUE(changed_.wait_for(lock, kLimit, [&] { return lines_.size() >= calls; })) << "only " << lines_.size();
  return lines_;
}

int RecordingListener::most_at_once() const {
  const std::scoped_lock lock(mutex_);
  return most_;
}

}  // namespace millrace::test

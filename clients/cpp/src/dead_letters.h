#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "clients/cpp/src/log.h"
#include "clients/cpp/src/record.h"
#include "clients/cpp/src/timer.h"

namespace millrace::client {

// A record that could not be handed over, and why.
struct DeadLetter {
  RecordPtr record;
  std::string reason;    // "exception", "deadline", "hung", "queue_full", "undecodable"
  std::string listener;  // empty: no listener's
  std::string callback;  // "on_filled"; empty: none was chosen
  std::string detail;    // for people: what was thrown
  int attempts = 0;
};

// The dead-letter topic, or a test's.
class DeadLetters {
 public:
  virtual ~DeadLetters() = default;

  // Any thread, never waits. `done` is called once the letter is safe, from the thread that polls; never, if the end
  // comes before.
  virtual void park(DeadLetter letter, std::function<void()> done) = 0;
  // Serves acknowledgements and sends again what was refused. One thread.
  virtual void poll() = 0;
  // Letters that are not safe yet. Any thread.
  virtual std::size_t waiting() const = 0;
  // Waits until all are safe, at most so long.
  virtual void flush(std::chrono::milliseconds wait) = 0;
};

// What every part needs. Shared, because the thread of a listener that never returns may outlive everything else.
struct Services {
  std::unique_ptr<Timer> timer;
  std::unique_ptr<Log> log;
  std::unique_ptr<DeadLetters> letters;
};

}  // namespace millrace::client

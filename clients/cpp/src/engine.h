#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "clients/cpp/src/dispatcher.h"
#include "millrace/listener.h"

namespace millrace::client {

// A Listener without its choice of source: the reading thread, and the order in which things begin and end.
class Engine {
 public:
  // Options as `with_defaults` gives them.
  Engine(Options options, std::unique_ptr<RecordSource> source, std::shared_ptr<Services> services);
  ~Engine();  // stop()

  // See Listener.
  void add(std::string name, std::shared_ptr<AccountListener> listener, std::vector<Subscription> subscriptions,
           Handling handling);
  void start();
  bool stop();
  Status status() const;

  // The two halves of start(), for tests that are the reading thread themselves.
  void begin();
  // One round: reads what there is, waiting for it at most so long, and commits. False: reading has ended for good.
  bool step(std::chrono::milliseconds wait);

 private:
  void run();
  void commit(bool wait);
  void require_new(const char* what) const;

  const Options options_;
  const std::shared_ptr<Services> services_;
  std::unique_ptr<RecordSource> source_;
  std::vector<std::shared_ptr<Runner>> runners_;
  StatusBoard board_;
  Dispatcher dispatcher_;
  std::int64_t commit_at_ = 0;

  mutable std::mutex mutex_;  // guards the four below, and runners_ before the start
  bool started_ = false;
  bool running_ = false;
  std::string error_;
  std::int64_t since_ = 0;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

// The options with what empty ones stand for. Throws std::invalid_argument, which names the one that is wrong.
Options with_defaults(Options options);

}  // namespace millrace::client

#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "clients/cpp/src/dead_letters.h"
#include "clients/cpp/src/event.h"
#include "clients/cpp/src/offsets.h"
#include "millrace/listener.h"

namespace millrace::client {

// An event for one listener. The ticket is null for state, of which nothing is committed.
struct Delivery {
  EventPtr event;
  std::shared_ptr<Ticket> ticket;
};

// One listener with its queue and its thread, which is the only one to call it. An event leaves by one of three ways:
// told, parked, or, at stop or when its partition was taken away, dropped without being finished, so that it is read
// again. Held by its own thread as well: a listener that never returns keeps its runner and nothing else.
class Runner : public std::enable_shared_from_this<Runner> {
 public:
  Runner(std::string name, std::shared_ptr<AccountListener> listener, std::vector<Subscription> subscriptions,
         Handling handling, std::shared_ptr<Services> services);

  const std::string& name() const noexcept { return name_; }
  const AccountListener* listener() const noexcept { return listener_.get(); }
  bool wants(const Scope& scope) const;

  void start();  // once
  void ask_to_stop();
  // Waits until the thread has ended, at most until then; false: it has not.
  bool await_end(std::int64_t until);

  // From the reading thread: queues, waits for room, or parks; see Handling.
  void give(Delivery delivery);
  // From the reading thread, now and then: has the call under way exceeded its deadline? Then it, and all that waits,
  // is parked.
  void check();

  ListenerStatus status() const;

 private:
  using Lock = std::unique_lock<std::mutex>;

  // The listener's thread.
  void run();
  void serve(Lock& lock);
  std::optional<std::string> call(Lock& lock);
  void came_back();

  bool is_full() const { return queue_.size() >= handling_.queue_size; }
  void await_room(Lock& lock);
  void mark_if_hung();
  void park(Delivery delivery, std::string reason, std::string detail = {}, int attempts = 0);
  // Tells the listener that events went past it, at the place in its queue where they are missing.
  void queue_notice();
  std::int64_t backoff(int attempt) const;
  void log(LogLevel level, const std::string& text) const { (*services_->log)(level, text); }

  const std::string name_;
  const std::shared_ptr<AccountListener> listener_;
  const std::vector<Subscription> subscriptions_;
  const Handling handling_;
  const std::shared_ptr<Services> services_;

  mutable std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::deque<Delivery> queue_;
  std::optional<Delivery> current_;         // being told, and not parked meanwhile
  std::optional<std::int64_t> call_since_;  // a call is under way
  bool hung_ = false;                       // and has exceeded its deadline
  bool overflowing_ = false;                // waited for room in vain
  bool stop_ = false;
  bool ended_ = true;
  std::int64_t untold_ = 0;  // parked, and the listener does not know yet
  std::int64_t delivered_ = 0, thrown_ = 0, parked_ = 0;
};

}  // namespace millrace::client

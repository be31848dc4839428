#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "millrace/account_listener.h"
#include "millrace/events.h"
#include "millrace/options.h"

namespace millrace {

// "Complete through `time`" for one symbol; an empty symbol stands for the whole account.
struct Watermark {
  std::string symbol;
  UnixNanos time = 0;
};

// What is known of one account. Empty until something of it was read.
struct AccountStatus {
  std::string venue;
  std::string account;
  bool connected = false;
  std::string state;  // as Connection::state; empty: nothing is known
  std::string reason;
  std::optional<UnixNanos> since;       // when it became so
  std::optional<UnixNanos> last_event;  // receive time of the last execution or balance
  std::vector<Watermark> watermarks;    // as last told by on_recovered
};

struct ListenerStatus {
  std::string name;
  std::vector<Subscription> subscriptions;
  bool hung = false;  // a call is under way for longer than the deadline
  std::size_t queued = 0;
  std::int64_t delivered = 0;  // calls that returned
  std::int64_t thrown = 0;     // calls that threw
  std::int64_t parked = 0;     // events that went to the dead-letter topic instead
};

struct Status {
  bool running = false;
  std::string error;  // why reading ended by itself
  std::int64_t uptime_ns = 0;
  std::vector<AccountStatus> accounts;
  std::vector<ListenerStatus> listeners;
  std::int64_t records = 0;      // executions and balances read
  std::int64_t repeats = 0;      // of these, told before or out of date, and not told again
  std::int64_t undecodable = 0;  // of these, could not be read
  std::size_t parking = 0;       // events on their way to the dead-letter topic
};

// Reads the account topics of Millrace and tells listeners what happened. One thread reads; each listener has a thread
// of its own. Every member may be called from any thread, but not from a callback.
class Listener {
 public:
  // Asks no broker. Throws std::invalid_argument, which names the option.
  explicit Listener(Options options);
  ~Listener();  // stop()
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // Before start() only. `name` is for logs, status and dead letters. The listener is kept until stop() and the end of
  // its last call. Throws std::invalid_argument (no listener, an object or a name that is there already, a limit out of
  // range), std::logic_error after start().
  void add(std::string name, std::shared_ptr<AccountListener> listener,
           std::vector<Subscription> subscriptions = {Subscription{}}, Handling handling = {});

  // Once. Throws std::runtime_error if the broker does not answer or a topic is missing: nothing runs then.
  void start();

  // Returns when no call is under way any more, or after stop_timeout: false then, and the thread of the listener that
  // has not returned is left behind. What was not handed over yet comes at the next start. Again: nothing happens.
  bool stop();

  Status status() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace

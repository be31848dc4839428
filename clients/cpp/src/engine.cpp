#include "clients/cpp/src/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "clients/cpp/src/timer.h"
#include "publish/kafka/topic_names.h"

namespace millrace::client {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPoll{50};  // how late a deadline is noticed while nothing comes

void require(bool holds, const std::string& what) {
  if (!holds) throw std::invalid_argument(what);
}

void check(const Handling& handling) {
  constexpr milliseconds kNone{0};
  require(handling.deadline > kNone, "handling.deadline: must be above 0");
  require(handling.queue_size > 0, "handling.queue_size: must be above 0");
  // librdkafka leaves the group if it is not polled for max.poll.interval.ms, five minutes.
  require(handling.room_wait >= kNone && handling.room_wait <= milliseconds{60'000},
          "handling.room_wait: must be 0 to 60000 ms");
  require(handling.retries >= 0, "handling.retries: must not be below 0");
  require(handling.first_backoff > kNone, "handling.first_backoff: must be above 0");
  require(handling.longest_backoff >= handling.first_backoff,
          "handling.longest_backoff: must not be below first_backoff");
}

}  // namespace

Engine::Engine(Options options, std::unique_ptr<RecordSource> source, std::shared_ptr<Services> services)
    : options_(std::move(options)),
      services_(std::move(services)),
      source_(std::move(source)),
      dispatcher_({options_.accounts, options_.remembered_ids, to_ns(options_.silence)}, *source_, runners_, services_,
                  board_) {}

Engine::~Engine() { stop(); }

void Engine::add(std::string name, std::shared_ptr<AccountListener> listener, std::vector<Subscription> subscriptions,
                 Handling handling) {
  const std::scoped_lock lock(mutex_);
  require_new("add");
  require(listener != nullptr, "add: no listener");
  require(!name.empty(), "add: a listener needs a name");
  require(!subscriptions.empty(), fmt::format("add: {} has no subscription", name));
  check(handling);
  for (const auto& runner : runners_) {
    require(runner->name() != name, fmt::format("add: {} is there already", name));
    require(runner->listener() != listener.get(), fmt::format("add: {} and {} are one object: give it both "
                                                              "subscriptions at once, as it has one thread",
                                                              name, runner->name()));
  }
  runners_.push_back(
      std::make_shared<Runner>(std::move(name), std::move(listener), std::move(subscriptions), handling, services_));
}

void Engine::require_new(const char* what) const {
  if (started_) throw std::logic_error(fmt::format("{}: the Listener was started already", what));
}

void Engine::begin() {
  const std::scoped_lock lock(mutex_);
  require_new("start");
  source_->open();
  for (const auto& runner : runners_) runner->start();
  started_ = running_ = true;
  since_ = services_->timer->now();
}

void Engine::start() {
  begin();
  thread_ = std::thread([this] { run(); });
}

void Engine::run() {
  while (!stop_ && step(kPoll)) {
  }
}

bool Engine::step(milliseconds wait) {
  try {
    source_->poll(wait, dispatcher_);
  } catch (const std::runtime_error& error) {
    (*services_->log)(LogLevel::kError, fmt::format("reading ends: {}", error.what()));
    dispatcher_.failed(error.what());
    const std::scoped_lock lock(mutex_);
    running_ = false;
    error_ = error.what();
    return false;
  }
  dispatcher_.tick();
  services_->letters->poll();
  source_->hold(services_->letters->waiting() >= options_.parked_limit);
  commit(false);
  return true;
}

// What was refused is not known to be the last one, so all of it goes again.
void Engine::commit(bool wait) {
  const std::int64_t now = services_->timer->now();
  if (!wait && now < commit_at_) return;
  commit_at_ = now + to_ns(options_.commit_interval);
  if (source_->refused()) dispatcher_.recommit();
  const Offsets offsets = dispatcher_.committable();
  if (!offsets.empty() && source_->commit(offsets, wait)) dispatcher_.committed(offsets);
}

// Runners first: a reader that waits for room in a queue wakes up. Offsets last: they know what became of everything.
bool Engine::stop() {
  {
    const std::scoped_lock lock(mutex_);
    if (!started_ || stop_.exchange(true)) return true;
  }
  for (const auto& runner : runners_) runner->ask_to_stop();
  if (thread_.joinable()) thread_.join();
  const std::int64_t until = services_->timer->now() + to_ns(options_.stop_timeout);
  bool all_ended = true;
  for (const auto& runner : runners_) {
    if (runner->await_end(until)) continue;
    all_ended = false;
    (*services_->log)(LogLevel::kError, fmt::format("listener {}: has not returned: left behind", runner->name()));
  }
  services_->letters->flush(options_.stop_timeout);
  commit(true);
  source_->close();
  const std::scoped_lock lock(mutex_);
  running_ = false;
  return all_ended;
}

Status Engine::status() const {
  Status status;
  board_.fill(status);
  const std::scoped_lock lock(mutex_);
  for (const auto& runner : runners_) status.listeners.push_back(runner->status());
  status.parking = services_->letters->waiting();
  status.running = running_;
  status.error = error_;
  if (running_) status.uptime_ns = services_->timer->now() - since_;
  return status;
}

Options with_defaults(Options options) {
  require(!options.brokers.empty(), "brokers: missing, such as \"127.0.0.1:9092\"");
  require(publish::is_topic_text(options.group), "group: letters, digits, '.', '_' and '-' only");
  require(!options.venues.empty(), "venues: at least one");
  for (const std::string& venue : options.venues) {
    require(publish::is_topic_text(venue), fmt::format("venues: \"{}\" is no venue's name", venue));
  }
  require(options.remembered_ids > 0, "remembered_ids: must be above 0");
  require(options.lookback >= 0, "lookback: must not be below 0");
  require(options.parked_limit > 0, "parked_limit: must be above 0");
  require(options.silence > milliseconds{0}, "silence: must be above 0");
  require(options.commit_interval >= milliseconds{0}, "commit_interval: must not be below 0");
  require(options.start_timeout > milliseconds{0}, "start_timeout: must be above 0");
  require(options.stop_timeout >= milliseconds{0}, "stop_timeout: must not be below 0");
  if (options.dead_letter_topic.empty()) {
    options.dead_letter_topic = publish::full_topic(options.prefix, fmt::format("dlq.{}.v1", options.group));
  }
  return options;
}

}  // namespace millrace::client

#include "clients/cpp/src/runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <thread>
#include <utility>

#include "clients/cpp/src/timer.h"

namespace millrace::client {
namespace {

bool matches(const Subscription& wanted, const Scope& scope) {
  if (!wanted.venue.empty() && !scope.venue.empty() && wanted.venue != scope.venue) return false;
  if (!wanted.account.empty() && !scope.account.empty() && wanted.account != scope.account) return false;
  if (wanted.symbol.empty() || scope.symbols.empty()) return true;
  return std::find(scope.symbols.begin(), scope.symbols.end(), wanted.symbol) != scope.symbols.end();
}

}  // namespace

Runner::Runner(std::string name, std::shared_ptr<AccountListener> listener, std::vector<Subscription> subscriptions,
               Handling handling, std::shared_ptr<Services> services)
    : name_(std::move(name)),
      listener_(std::move(listener)),
      subscriptions_(std::move(subscriptions)),
      handling_(handling),
      services_(std::move(services)) {}

bool Runner::wants(const Scope& scope) const {
  return std::any_of(subscriptions_.begin(), subscriptions_.end(),
                     [&](const Subscription& one) { return matches(one, scope); });
}

// Detached: await_end() waits for it as long as it may, and nobody else does.
void Runner::start() {
  const std::scoped_lock lock(mutex_);
  ended_ = false;
  std::thread([self = shared_from_this()] { self->run(); }).detach();
}

void Runner::ask_to_stop() {
  const std::scoped_lock lock(mutex_);
  stop_ = true;
  changed_.notify_all();
}

bool Runner::await_end(std::int64_t until) {
  Lock lock(mutex_);
  return services_->timer->wait(lock, changed_, until, [this] { return ended_; });
}

void Runner::run() {
  Lock lock(mutex_);
  while (!stop_) {
    services_->timer->wait(lock, changed_, kForever, [this] { return stop_ || !queue_.empty(); });
    if (stop_) break;
    current_ = std::move(queue_.front());
    queue_.pop_front();
    changed_.notify_all();
    serve(lock);
    current_.reset();
  }
  ended_ = true;
  changed_.notify_all();
}

// current_ is empty after a call if it hung and was parked: then there is nothing more to do about it.
void Runner::serve(Lock& lock) {
  for (int attempt = 1; current_ && !stop_; ++attempt) {
    if (current_->ticket && current_->ticket->revoked()) return;
    const auto error = call(lock);
    if (!error) ++delivered_;
    if (!current_) return;
    if (!error) {
      if (current_->ticket) current_->ticket->finish();
      return;
    }
    if (attempt > handling_.retries) return park(*std::exchange(current_, {}), "exception", *error, attempt);
    const std::int64_t until = services_->timer->now() + backoff(attempt);
    services_->timer->wait(lock, changed_, until, [this] { return stop_; });
  }
}

// Nullopt: it returned. Else what it threw.
std::optional<std::string> Runner::call(Lock& lock) {
  const EventPtr event = current_->event;  // outlives the call, whatever becomes of current_
  call_since_ = services_->timer->now();
  lock.unlock();
  std::optional<std::string> error;
  try {
    make_call(*listener_, *event);
  } catch (const std::exception& thrown) {
    error = thrown.what();
  } catch (...) {
    error = "something that is no std::exception";
  }
  lock.lock();
  call_since_.reset();
  if (stop_) return error;  // who owns the log callback may be gone by now
  thrown_ += error ? 1 : 0;
  if (error) log(LogLevel::kError, fmt::format("listener {}: {} threw: {}", name_, client::name(event->call), *error));
  if (hung_) came_back();
  return error;
}

void Runner::came_back() {
  hung_ = false;
  log(LogLevel::kWarning, fmt::format("listener {}: came back; {} events were parked meanwhile", name_, untold_));
  queue_notice();
}

void Runner::queue_notice() {
  if (untold_ == 0) return;
  AccountError error;
  error.reason = "parked";
  error.detail = fmt::format("{} events are in the dead-letter topic", std::exchange(untold_, 0));
  queue_.push_back({std::make_shared<Event>(Event{nullptr, Call::kError, std::move(error)}), nullptr});
  changed_.notify_all();
}

void Runner::give(Delivery delivery) {
  Lock lock(mutex_);
  mark_if_hung();
  if (overflowing_ && queue_.size() <= handling_.queue_size / 2) overflowing_ = false;
  if (is_full() && !overflowing_) await_room(lock);
  if (stop_) return;
  if (hung_ || overflowing_) {
    ++untold_;
    return park(std::move(delivery), hung_ ? "hung" : "queue_full");
  }
  queue_notice();
  queue_.push_back(std::move(delivery));
  changed_.notify_all();
}

// Ends early when the call under way turns out to hang: the others wait for a slow listener, not for a dead one.
void Runner::await_room(Lock& lock) {
  Timer& timer = *services_->timer;
  const std::int64_t until = timer.now() + to_ns(handling_.room_wait);
  while (!stop_ && !hung_ && is_full() && timer.now() < until) {
    const std::int64_t deadline = call_since_ ? *call_since_ + to_ns(handling_.deadline) : kForever;
    timer.wait(lock, changed_, std::min(until, deadline), [this] { return stop_ || !is_full(); });
    mark_if_hung();
  }
  if (stop_ || hung_ || !is_full()) return;
  overflowing_ = true;
  log(LogLevel::kWarning, fmt::format("listener {}: too slow, its queue of {} is full: events are parked until it is "
                                      "half empty",
                                      name_, handling_.queue_size));
}

void Runner::check() {
  const std::scoped_lock lock(mutex_);
  mark_if_hung();
}

// What it is being told is parked as well: nobody knows whether the call will ever do it.
void Runner::mark_if_hung() {
  if (hung_ || !call_since_ || services_->timer->now() - *call_since_ < to_ns(handling_.deadline)) return;
  hung_ = true;
  log(LogLevel::kError, fmt::format("listener {}: {} has not returned for {} ms: its events are parked until it does",
                                    name_, client::name(current_->event->call), handling_.deadline.count()));
  untold_ += static_cast<std::int64_t>(queue_.size());
  park(*std::exchange(current_, {}), "deadline");
  for (Delivery& each : queue_) park(std::move(each), "hung");
  queue_.clear();
}

// An event that comes from no record, such as a notice, is only counted.
void Runner::park(Delivery delivery, std::string reason, std::string detail, int attempts) {
  ++parked_;
  const auto finish = [ticket = delivery.ticket] {
    if (ticket) ticket->finish();
  };
  if (!delivery.event->record) return finish();
  services_->letters->park({delivery.event->record, std::move(reason), name_,
                            std::string(client::name(delivery.event->call)), std::move(detail), attempts},
                           finish);
}

std::int64_t Runner::backoff(int attempt) const {
  const std::int64_t longest = to_ns(handling_.longest_backoff);
  std::int64_t wait = to_ns(handling_.first_backoff);
  for (int i = 1; i < attempt && wait < longest; ++i) wait *= 2;
  return std::min(wait, longest);
}

ListenerStatus Runner::status() const {
  const std::scoped_lock lock(mutex_);
  ListenerStatus status;
  status.name = name_;
  status.subscriptions = subscriptions_;
  status.hung = hung_ || (call_since_ && services_->timer->now() - *call_since_ >= to_ns(handling_.deadline));
  status.queued = queue_.size();
  status.delivered = delivered_;
  status.thrown = thrown_;
  status.parked = parked_;
  return status;
}

}  // namespace millrace::client

#include "replay/fills/triggers.h"

#include <algorithm>

namespace millrace::fills {

std::string_view name(Trigger trigger) noexcept {
  static constexpr std::array<std::string_view, kTriggers> kWords{
      "hand", "start", "reconnect", "quantity_mismatch", "balance_mismatch", "token", "fills_from_rest", "symbol",
      "deep", "timer", "poll"};
  return kWords[static_cast<std::size_t>(trigger)];
}

Triggers::Triggers(TriggerSettings settings, UnixNanos now) : settings_(std::move(settings)), random_(settings_.seed) {
  add_slots(Trigger::kStart, {0});
  add_slots(Trigger::kReconnect, settings_.after_reconnect);
  add_slots(Trigger::kQuantityMismatch, settings_.after_mismatch);
  add_slots(Trigger::kBalanceMismatch, settings_.after_mismatch);
  add_slots(Trigger::kToken, {0});
  add_slots(Trigger::kFillsFromRest, settings_.after_rest_hint);
  add_slots(Trigger::kSymbol, {0});
  add_slots(Trigger::kDeep, {0});
  add_slots(Trigger::kTimer, {0});
  add_slots(Trigger::kPoll, {0});
  note(Trigger::kStart, now);
  arm_periodic(now);
}

void Triggers::add_slots(Trigger trigger, const std::vector<std::int64_t>& delays) {
  for (const std::int64_t delay : delays) slots_.push_back({trigger, delay, {}, {}, false, {}});
}

Triggers::Slot& Triggers::slot_of(Trigger trigger) {
  return *std::find_if(slots_.begin(), slots_.end(), [&](const Slot& slot) { return slot.trigger == trigger; });
}

void Triggers::ask(Slot& slot, UnixNanos due, const std::set<std::string>& symbols) {
  slot.first = std::min(slot.first.value_or(due), due);
  slot.last = std::max(slot.last.value_or(due), due);
  slot.whole = slot.whole || symbols.empty();
  slot.symbols.insert(symbols.begin(), symbols.end());
  if (slot.whole || slot.symbols.size() > settings_.most_symbols) {
    slot.whole = true;
    slot.symbols.clear();
  }
}

void Triggers::note(Trigger trigger, UnixNanos now, const std::string& symbol) {
  if (settings_.only_by_hand) return;
  const std::set<std::string> symbols = symbol.empty() ? std::set<std::string>{} : std::set<std::string>{symbol};
  for (Slot& slot : slots_) {
    if (slot.trigger == trigger) ask(slot, now + slot.delay, symbols);
  }
}

void Triggers::stream(bool live, UnixNanos now) {
  if (live == stream_live_) return;
  stream_live_ = live;
  Slot& poll = slot_of(Trigger::kPoll);
  poll.first.reset();
  poll.last.reset();
  arm_periodic(now);
}

// Each periodic reason waits for its next time, unless it waits already. The deep one keeps to the time of day, so that
// restarts do not put it off.
void Triggers::arm_periodic(UnixNanos now) {
  if (settings_.only_by_hand) return;
  const auto arm = [this](Trigger trigger, UnixNanos due) {
    Slot& slot = slot_of(trigger);
    if (!slot.first) ask(slot, due, {});
  };
  arm(Trigger::kTimer, now + settings_.timer_ns);
  const std::int64_t into = (now - settings_.deep_phase_ns) % settings_.deep_ns;
  arm(Trigger::kDeep, now + settings_.deep_ns - into);
  if (settings_.poll) arm(Trigger::kPoll, now + (stream_live_ ? settings_.poll_healthy_ns : settings_.poll_down_ns));
}

bool Triggers::by_hand(Wish wish) {
  if (by_hand_.size() >= settings_.most_by_hand) return false;
  wish.trigger = Trigger::kHand;
  by_hand_.push_back(std::move(wish));
  return true;
}

// A slot that was asked for a later time too goes on waiting for that.
void Triggers::fire(Slot& slot, UnixNanos now, Wish& wish, bool& whole) {
  wish.trigger = std::min(wish.trigger, slot.trigger);
  wish.deep = wish.deep || slot.trigger == Trigger::kDeep;
  whole = whole || slot.whole;
  wish.symbols.insert(slot.symbols.begin(), slot.symbols.end());
  if (*slot.last > now) {
    slot.first = slot.last;
    return;
  }
  slot.first.reset();
  slot.last.reset();
  slot.whole = false;
  slot.symbols.clear();
}

std::optional<Wish> Triggers::take(UnixNanos now) {
  if (!by_hand_.empty()) {
    Wish wish = std::move(by_hand_.front());
    by_hand_.pop_front();
    return wish;
  }
  if (circuit_open() || now < not_before_) return std::nullopt;
  Wish wish;
  wish.trigger = Trigger::kPoll;
  bool whole = false;
  bool any = false;
  for (Slot& slot : slots_) {
    if (!slot.first || *slot.first > now) continue;
    fire(slot, now, wish, whole);
    any = true;
  }
  if (!any) return std::nullopt;
  if (whole || wish.deep || wish.symbols.size() > settings_.most_symbols) wish.symbols.clear();
  arm_periodic(now);
  return wish;
}

std::optional<UnixNanos> Triggers::next() const {
  if (!by_hand_.empty()) return UnixNanos{0};
  if (circuit_open()) return std::nullopt;
  std::optional<UnixNanos> next;
  for (const Slot& slot : slots_) {
    if (slot.first) next = std::min(next.value_or(*slot.first), *slot.first);
  }
  if (next) next = std::max(*next, not_before_);
  return next;
}

void Triggers::succeeded() {
  reset();
  partial_failures_ = 0;
}

// Between half and all of what doubles with each failure.
std::int64_t Triggers::backoff(int failures) {
  const int doublings = std::min(failures - 1, 20);
  const std::int64_t whole = std::min(settings_.first_backoff_ns << doublings, settings_.most_backoff_ns);
  return whole / 2 + whole / 2 * static_cast<std::int64_t>(random_() % 1000) / 1000;
}

void Triggers::failed(const Wish& wish, Failure why, UnixNanos not_before, UnixNanos now) {
  ++failures_;
  auth_failures_ = why == Failure::kAuth ? auth_failures_ + 1 : 0;
  const std::int64_t wait = why == Failure::kAuth ? settings_.auth_wait_ns : backoff(failures_);
  not_before_ = std::max({not_before_, not_before, now + wait});
  if (wish.trigger == Trigger::kHand) return;
  if (wish.deep) ask(slot_of(Trigger::kDeep), now, {});
  ask(slot_of(wish.trigger), now, wish.symbols);
}

void Triggers::partly_failed(const Wish& wish, const std::set<std::string>& left, UnixNanos now) {
  reset();
  if (wish.trigger != Trigger::kHand) ask(slot_of(wish.trigger), now + backoff(++partial_failures_), left);
}

void Triggers::reset() noexcept {
  failures_ = 0;
  auth_failures_ = 0;
  not_before_ = 0;
}

}  // namespace millrace::fills

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/events/meta.h"

namespace millrace::fills {

using schemas::UnixNanos;

// Why a sweep is made, the weightiest first: a sweep for several reasons is called after the first of them.
enum class Trigger : std::uint8_t {
  kHand,
  kStart,
  kReconnect,
  kQuantityMismatch,  // filled quantities do not add up
  kBalanceMismatch,   // a balance changed and no known fill explains it
  kToken,             // the stream's token was renewed
  kFillsFromRest,     // the stream said that something was filled, and only REST says what
  kSymbol,            // a symbol that was not swept before
  kDeep,
  kTimer,
  kPoll
};
inline constexpr std::size_t kTriggers = 11;
// "hand", "start", "reconnect" ...: Recovery::trigger, also a metric label.
std::string_view name(Trigger trigger) noexcept;

// Times in ns.
struct TriggerSettings {
  bool only_by_hand = false;  // nothing else begins a sweep: for a process that does one and ends
  // Sweeps so long after what happened: REST may lag behind it.
  std::vector<std::int64_t> after_reconnect{5'000'000'000, 30'000'000'000, 300'000'000'000};
  std::vector<std::int64_t> after_mismatch{1'000'000'000, 35'000'000'000};
  std::vector<std::int64_t> after_rest_hint{500'000'000, 5'000'000'000, 35'000'000'000};
  std::int64_t timer_ns = 900'000'000'000;
  std::int64_t deep_ns = 86'400'000'000'000;
  std::int64_t deep_phase_ns = 0;  // of the day, so that not all accounts go deep at once
  bool poll = false;
  std::int64_t poll_down_ns = 5'000'000'000;
  std::int64_t poll_healthy_ns = 120'000'000'000;
  std::int64_t first_backoff_ns = 1'000'000'000;
  std::int64_t most_backoff_ns = 300'000'000'000;
  // The venue refused key or signature: so many sweeps so far apart, then none until the configuration changes.
  int auth_tries = 5;
  std::int64_t auth_wait_ns = 30'000'000'000;
  std::size_t most_symbols = 64;  // more than these in one wish: all
  std::size_t most_by_hand = 16;
  std::uint32_t seed = 1;  // of the jitter in backoffs
};

// The sweep that is wanted.
struct Wish {
  Trigger trigger = Trigger::kTimer;
  std::set<std::string> symbols;  // empty = every scope
  bool deep = false;
  // By hand only: the venue's time to read, both ends inclusive, and whether to look without publishing.
  std::optional<UnixNanos> from, to;
  bool dry_run = false;
};

// How a sweep failed, as far as the next one depends on it.
enum class Failure : std::uint8_t {
  kNone,
  kVenue,    // no, unusable or refusing answers: again with backoff
  kLimited,  // the host wants quiet: not before it allows
  kAuth,     // key, signature, permission or address refused
  kBroker,   // not acknowledged or not committed: again with backoff
};

// When to sweep and what. Pure: the injected clock goes in, a wish comes out; a wish that was taken is answered with
// succeeded() or failed() before the next one. Bounded: reasons of one kind wait in one place, which keeps the
// earliest and the latest time asked for, so that a flapping stream neither fills memory, nor puts its sweep off for
// ever, nor goes without one after its last reconnect.
class Triggers {
 public:
  Triggers(TriggerSettings settings, UnixNanos now);

  // It happened now; `symbol` empty = to the whole account.
  void note(Trigger trigger, UnixNanos now, const std::string& symbol = {});
  // Is the account's stream live? Decides how often to poll.
  void stream(bool live, UnixNanos now);
  // False: too many are waiting. Goes ahead of all others and is tried although the circuit is open.
  bool by_hand(Wish wish);

  bool waits_by_hand() const noexcept { return !by_hand_.empty(); }

  std::optional<Wish> take(UnixNanos now);
  // When take() should be called next; empty = nothing is waiting.
  std::optional<UnixNanos> next() const;

  void succeeded();
  // Nothing of the wish is lost but one by hand, which its asker repeats. No other sweep before the backoff is over,
  // nor before `not_before`, what the host asked for.
  void failed(const Wish& wish, Failure why, UnixNanos not_before, UnixNanos now);
  // These scopes failed where others did not: only they wait for their backoff, so that a symbol which the venue no
  // longer knows delays nothing.
  void partly_failed(const Wish& wish, const std::set<std::string>& left, UnixNanos now);

  // Refused too often: nothing but sweeps by hand until reset(), or until one of those succeeds.
  bool circuit_open() const noexcept { return auth_failures_ >= settings_.auth_tries; }
  // The configuration has changed.
  void reset() noexcept;

 private:
  // One reason that waits. `first` and `last` are both there or neither.
  struct Slot {
    Trigger trigger;
    std::int64_t delay = 0;
    std::optional<UnixNanos> first, last;
    bool whole = false;
    std::set<std::string> symbols;
  };

  void add_slots(Trigger trigger, const std::vector<std::int64_t>& delays);
  void ask(Slot& slot, UnixNanos due, const std::set<std::string>& symbols);
  void fire(Slot& slot, UnixNanos now, Wish& wish, bool& whole);
  void arm_periodic(UnixNanos now);
  Slot& slot_of(Trigger trigger);
  std::int64_t backoff(int failures);

  const TriggerSettings settings_;
  std::vector<Slot> slots_;
  std::deque<Wish> by_hand_;
  bool stream_live_ = false;
  int failures_ = 0, partial_failures_ = 0;  // in a row
  int auth_failures_ = 0;
  UnixNanos not_before_ = 0;
  std::minstd_rand random_;
};

}  // namespace millrace::fills

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <vector>

#include "tests/sim/market/book.h"
#include "tests/sim/market/instrument.h"
#include "tests/sim/market/number.h"

namespace millrace::sim {

// One level that changed: the new absolute quantity, 0 = gone.
struct Change {
  Side side = Side::kBid;
  std::int64_t price = 0;
  std::int64_t quantity = 0;

  friend bool operator==(const Change&, const Change&) = default;
};

// One trade. The taker sold if the buyer was the maker.
struct Print {
  std::int64_t id = 0;  // dense from 1 within the instrument
  std::int64_t price = 0;
  std::int64_t quantity = 0;
  std::int64_t time_ns = 0;
  bool buyer_is_maker = false;
};

// What one step did to one instrument. Valid until the next step of the flow.
struct Step {
  std::size_t instrument = 0;
  std::int64_t first_id = 0;  // update ids of the changes: one each, in order
  std::int64_t last_id = 0;
  std::vector<Change> changes;
  std::optional<Print> print;
  bool best_changed = false;  // best bid or ask, price or quantity
  bool flush = false;         // a venue that batches its book sends the batch now
};

// Running figures since the start; volumes at the quantity's decimals.
struct Statistics {
  std::int64_t open = 0, high = 0, low = 0, last = 0, last_quantity = 0;
  std::int64_t volume = 0;
  std::int64_t weighted_price = 0;  // volume-weighted, rounded down
  Wide turnover = 0;
  std::int64_t trades = 0;
};

// One instrument with its book and history.
struct Market {
  Instrument instrument;
  Book book;
  std::int64_t update_id = 0;
  Statistics statistics;
  std::deque<Print> recent;  // the last 50
};

// Generated order flow: random but the same for the same seed, whatever the clock says. The books never cross and
// never run empty. Not thread-safe.
class Flow {
 public:
  // `levels` a side at the start; `seed` decides everything.
  Flow(std::vector<Instrument> instruments, std::uint64_t seed, std::size_t levels);

  // From now on instruments take turns, and each trades in every fifth of its steps: none is quiet for long. At the
  // start they are picked and trade at random, as at a venue.
  void take_turns() noexcept { turn_ = 0; }

  // Which instrument moves next. Call once before each advance().
  std::size_t pick();
  // Lets that instrument make one step at `now`.
  const Step& advance(std::size_t instrument, std::int64_t now_ns);

  std::vector<Market>& markets() noexcept { return markets_; }
  const std::vector<Market>& markets() const noexcept { return markets_; }

 private:
  std::uint64_t random(std::uint64_t below);
  std::int64_t random_quantity(const Instrument& instrument);
  void fill(Market& market);
  void work_levels(Market& market);
  void move_quote(Market& market);
  void trade(Market& market, std::int64_t now_ns);
  void touch(Market& market, Side side);
  void change(Market& market, Side side, std::int64_t price, std::int64_t quantity);
  void keep_depth(Market& market, Side side);

  std::vector<Market> markets_;
  std::size_t levels_;
  std::mt19937_64 engine_;
  std::optional<std::size_t> turn_;  // steps since they take turns
  Step step_;
};

}  // namespace millrace::sim

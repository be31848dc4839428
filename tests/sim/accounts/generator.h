#pragma once

#include <cstdint>

#include "tests/sim/accounts/ledger.h"
#include "tests/sim/accounts/random.h"

namespace millrace::sim::accounts {

// Makes an account live: orders, partial and whole fills, cancels, replacements, self-trades, ties, deposits. The same
// seed and the same calls give the same life.
class Generator {
 public:
  // `ledger` outlives it.
  Generator(Ledger& ledger, std::uint64_t seed) : ledger_(&ledger), random_(seed), lived_ns_(ledger.time_ns()) {}

  // How lively, as the knobs of these names.
  struct Life {
    double rate = 0;  // activities a second
    double bust = 0, burst = 0;
    bool only_fills = false;
  };
  // Does what is due until `now` (the venue's time), each activity at its own time.
  void live_until(std::int64_t now, const Life& life);
  // One fill now, whatever it takes.
  void make_fill(std::int64_t now);

 private:
  void act(std::int64_t now, const Life& life);
  const Instrument& any_instrument();
  Amount any_quantity(const Instrument& instrument);
  Amount any_price(const Instrument& instrument);
  std::int64_t any_live();
  std::int64_t gap(double rate);
  void place(std::int64_t now);
  bool fill_some(std::int64_t number, std::int64_t now);
  void trade_at_market(std::int64_t now);
  void replace(std::int64_t now);
  void move_money(std::int64_t now);

  Ledger* ledger_;
  Random random_;
  std::int64_t lived_ns_;     // until then
  std::int64_t next_ns_ = 0;  // when the next activity is due; 0 = none planned
};

}  // namespace millrace::sim::accounts

#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "cli/verify/exact.h"

namespace millrace::cli {

// Compares a rebuilt book with the venue's own quote channel wherever both name the same update id. The two come from
// different topics, in any relative order: what has no twin yet waits, up to kWindow ids on each side, the oldest going
// first. Pure.
class QuoteMatch {
 public:
  static constexpr std::size_t kWindow = 200'000;

  void on_book(std::int64_t venue_seq, const BestPrices& best);
  void on_quote(std::int64_t venue_seq, const BestPrices& best);

  std::int64_t matched() const noexcept { return matched_; }
  std::int64_t wrong() const noexcept { return wrong_; }
  const std::vector<std::string>& problems() const noexcept { return problems_; }

 private:
  // Prices by update id, bounded.
  struct Waiting {
    std::unordered_map<std::int64_t, BestPrices> by_id;
    std::deque<std::int64_t> order;

    void put(std::int64_t id, const BestPrices& best);
  };
  void compare(std::int64_t venue_seq, const BestPrices& book, const BestPrices& quote);

  Waiting books_, quotes_;
  std::int64_t matched_ = 0;
  std::int64_t wrong_ = 0;
  std::vector<std::string> problems_;
};

}  // namespace millrace::cli

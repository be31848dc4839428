#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "tests/sim/market/book.h"

namespace millrace::sim {

// A Binance book that follows a recording: the recorded snapshot, then each recorded depth message. For answering
// requests that the recording has no answer to.
class TrackedBook {
 public:
  TrackedBook() = default;
  TrackedBook(int price_decimals, int quantity_decimals) noexcept
      : price_decimals_(price_decimals), quantity_decimals_(quantity_decimals) {}

  // A REST body.
  void load(std::string_view body);
  // A depth message in its wrapper. Before the first snapshot it is kept (the last thousand are) for that snapshot.
  void apply(std::string_view text);

  bool loaded() const noexcept { return loaded_; }
  std::int64_t last_id() const noexcept { return last_id_; }
  const Book& book() const noexcept { return book_; }

 private:
  static constexpr std::size_t kKept = 1000;

  int price_decimals_ = 0;
  int quantity_decimals_ = 0;
  bool loaded_ = false;
  std::int64_t last_id_ = 0;
  Book book_;
  std::deque<std::string> early_;
};

}  // namespace millrace::sim

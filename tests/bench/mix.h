#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::bench {

// Messages one behind the other in one buffer, each followed by padding that a parser may read.
class Messages {
 public:
  void add(std::string_view text);
  void seal();  // after the last add(): now the views are valid
  const std::vector<std::string_view>& views() const noexcept { return views_; }
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  std::string buffer_;
  std::vector<std::pair<std::size_t, std::size_t>> places_;
  std::vector<std::string_view> views_;
  std::size_t bytes_ = 0;
};

// The mix that every figure is about: Binance spot, 70 % bookTicker, 20 % depth with 20+20 rows, 10 % trade, with
// unbroken update ids, so that every message changes state.
struct Mix {
  std::vector<std::string> symbols;
  std::string exchange_info;           // reference data, a REST body
  std::vector<std::string> snapshots;  // depth bodies, one a symbol
  Messages messages;
  std::int64_t tickers = 0, depths = 0, trades = 0;
};
Mix make_mix(std::size_t instruments, std::size_t messages, int snapshot_levels, std::uint64_t seed);

}  // namespace millrace::bench

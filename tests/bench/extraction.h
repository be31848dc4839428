#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace millrace::bench {

// The denominator: simdjson On-Demand alone, reading every field of bookTicker, depthUpdate, trade and aggTrade in the
// order sent. With `decimals`, prices and quantities also become exact integers (the "parse-only" of the README);
// without, they stay text.
class Extraction {
 public:
  explicit Extraction(bool decimals);
  ~Extraction();

  // Reads all; the result depends on every value, so that nothing is optimized away.
  std::uint64_t run(std::span<const std::string_view> messages);
  // The same for book updates of Kraken.
  std::uint64_t run_kraken(std::span<const std::string_view> messages);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace::bench

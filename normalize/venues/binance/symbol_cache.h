#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "normalize/symbols/instrument_table.h"

namespace millrace::normalize::binance {

// Symbols of up to 16 bytes that were found lately, compared as two words: a quarter of what a look into the table
// costs, once per message. Longer ones go to the table. Holds no more than it was made with.
class SymbolCache {
 public:
  // REQUIRES 16 readable bytes from the symbol's beginning, as in a padded frame. Always the same table: ids stay.
  std::optional<InstrumentId> find(std::string_view symbol, const InstrumentTable& table) noexcept {
    if (symbol.size() > kLongest || symbol.empty()) return table.find(symbol);
    Entry wanted;
    std::memcpy(&wanted.head, symbol.data(), sizeof wanted.head);
    std::memcpy(&wanted.tail, symbol.data() + sizeof wanted.head, sizeof wanted.tail);
    const std::size_t length = symbol.size();
    wanted.head &= length >= 8 ? ~std::uint64_t{0} : ~std::uint64_t{0} >> (64 - 8 * length);
    wanted.tail &= length <= 8 ? 0 : ~std::uint64_t{0} >> (128 - 8 * length);
    Entry& entry = entries_[((wanted.head ^ (wanted.tail * 3)) * 0x9e3779b97f4a7c15ULL) >> (64 - kBits)];
    if (entry.head == wanted.head && entry.tail == wanted.tail) return entry.id;
    const auto found = table.find(symbol);
    if (found) entry = {wanted.head, wanted.tail, *found};
    return found;
  }

 private:
  static constexpr std::size_t kLongest = 16;
  static constexpr int kBits = 9;
  // No symbol begins with a zero byte and is not empty: a zeroed entry matches none.
  struct Entry {
    std::uint64_t head = 0;
    std::uint64_t tail = 0;
    InstrumentId id{};
  };
  std::array<Entry, std::size_t{1} << kBits> entries_{};
};

}  // namespace millrace::normalize::binance

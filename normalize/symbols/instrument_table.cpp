#include "normalize/symbols/instrument_table.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace millrace::normalize {

InstrumentTable::Key InstrumentTable::key_of(std::string_view symbol) noexcept {
  char bytes[kSymbolPadding] = {};
  if (!symbol.empty()) std::memcpy(bytes, symbol.data(), std::min(symbol.size(), kSymbolPadding));
  Key key;
  std::memcpy(&key.head, bytes, sizeof key.head);
  std::memcpy(&key.tail, bytes + sizeof key.head, sizeof key.tail);
  key.length = static_cast<std::uint32_t>(symbol.size());
  return key;
}

std::optional<InstrumentId> InstrumentTable::find(std::string_view symbol) const noexcept {
  return find(key_of(symbol), symbol);
}

// Loads the two words straight from the frame and masks what lies behind the symbol: no copy of unknown length, which
// is what a memcpy call costs.
std::optional<InstrumentId> InstrumentTable::find_padded(std::string_view symbol) const noexcept {
  static_assert(std::endian::native == std::endian::little);
  const std::size_t length = symbol.size();
  if (length == 0 || length > kSymbolPadding) return find(symbol);
  Key key;
  std::memcpy(&key.head, symbol.data(), sizeof key.head);
  std::memcpy(&key.tail, symbol.data() + sizeof key.head, sizeof key.tail);
  key.head &= length >= 8 ? ~std::uint64_t{0} : ~std::uint64_t{0} >> (64 - 8 * length);
  key.tail &= length <= 8 ? 0 : ~std::uint64_t{0} >> (128 - 8 * length);
  key.length = static_cast<std::uint32_t>(length);
  return find(key, symbol);
}

std::optional<InstrumentId> InstrumentTable::find(const Key& key, std::string_view symbol) const noexcept {
  if (slots_.empty()) return std::nullopt;
  const std::uint32_t entry = slots_[slot_of(key, symbol)].entry;
  if (entry == 0) return std::nullopt;
  return InstrumentId{entry - 1};
}

// Off the hot path but for recordings: live, symbols come with the reference data.
InstrumentId InstrumentTable::intern(std::string_view symbol) {
  if (const auto found = find(symbol)) return *found;
  // At most half full, so that probing stays short.
  if (2 * (infos_.size() + 1) > slots_.size()) grow();
  const InstrumentId id{static_cast<std::uint32_t>(infos_.size())};
  InstrumentInfo& info = infos_.emplace_back();
  info.symbol = symbol;
  info.instrument = symbol;
  const Key key = key_of(symbol);
  slots_[slot_of(key, symbol)] = {key, static_cast<std::uint32_t>(infos_.size())};
  return id;
}

// Linear probing without deletions: nothing is ever removed, so an empty slot ends every search. The high half of the
// product is used, as its low bits depend on the symbol's first letters only.
std::size_t InstrumentTable::slot_of(const Key& key, std::string_view symbol) const noexcept {
  const std::size_t mask = slots_.size() - 1;
  const std::uint64_t hash = (key.head ^ (key.tail * 3)) * 0x9e3779b97f4a7c15ULL;
  std::size_t slot = static_cast<std::size_t>(hash >> 32) & mask;
  const auto is_other = [&](const Slot& there) {
    return there.key != key || (key.length > kSymbolPadding && infos_[there.entry - 1].symbol != symbol);
  };
  while (slots_[slot].entry != 0 && is_other(slots_[slot])) slot = (slot + 1) & mask;
  return slot;
}

void InstrumentTable::grow() {
  std::vector<Slot> old = std::move(slots_);
  slots_.assign(old.empty() ? 64 : 2 * old.size(), Slot{});
  for (const Slot& slot : old) {
    if (slot.entry != 0) slots_[slot_of(slot.key, infos_[slot.entry - 1].symbol)] = slot;
  }
}

}  // namespace millrace::normalize

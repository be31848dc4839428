#include "normalize/symbols/instrument_table.h"

namespace millrace::normalize {

namespace {

// FNV-1a: symbols are a few bytes long, so a byte at a time costs less than setting up anything cleverer.
std::size_t hash_of(std::string_view symbol) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : symbol) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return static_cast<std::size_t>(hash ^ (hash >> 32U));
}

}  // namespace

std::optional<InstrumentId> InstrumentTable::find(std::string_view symbol) const noexcept {
  if (slots_.empty()) return std::nullopt;
  const std::uint32_t entry = slots_[slot_of(symbol)];
  if (entry == 0) return std::nullopt;
  return InstrumentId{entry - 1};
}

InstrumentId InstrumentTable::intern(std::string_view symbol) {
  if (const auto found = find(symbol)) return *found;
  // At most half full, so that probing stays short.
  if (2 * (infos_.size() + 1) > slots_.size()) grow();
  const InstrumentId id{static_cast<std::uint32_t>(infos_.size())};
  InstrumentInfo& info = infos_.emplace_back();
  info.symbol = symbol;
  info.instrument = symbol;
  slots_[slot_of(symbol)] = static_cast<std::uint32_t>(infos_.size());
  return id;
}

// Where `symbol` stands, or the free slot where it belongs. REQUIRES: at least one free slot.
std::size_t InstrumentTable::slot_of(std::string_view symbol) const noexcept {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash_of(symbol) & mask;
  while (slots_[slot] != 0 && infos_[slots_[slot] - 1].symbol != symbol) slot = (slot + 1) & mask;
  return slot;
}

void InstrumentTable::grow() {
  std::vector<std::uint32_t> old = std::move(slots_);
  slots_.assign(old.empty() ? 64 : 2 * old.size(), 0);
  for (const std::uint32_t entry : old) {
    if (entry != 0) slots_[slot_of(infos_[entry - 1].symbol)] = entry;
  }
}

}  // namespace millrace::normalize

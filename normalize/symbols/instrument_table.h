#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/events/market.h"

namespace millrace::normalize {

// Index into one InstrumentTable; dense from 0, never reused.
enum class InstrumentId : std::uint32_t {};
inline constexpr std::size_t index(InstrumentId id) noexcept { return static_cast<std::size_t>(id); }

// What is known of one instrument of one venue. Decimals are those of the exponent to publish with; -1 = unknown
// until reference data or a frame tells.
struct InstrumentInfo {
  std::string symbol;      // the venue's spelling, as in its payloads
  std::string instrument;  // ours; equal to symbol while no reference data is loaded
  int price_decimals = -1;
  int quantity_decimals = -1;
  bool has_reference = false;     // decimals and instrument come from reference data
  schemas::Instrument reference;  // valid if has_reference
};

// The instruments of one venue on one thread. References stay valid for the table's life; not thread-safe. Symbols of
// up to 16 bytes, which nearly all are, are compared as two words: a look-up per message must cost next to nothing.
class InstrumentTable {
 public:
  // Nullopt for a symbol that nobody interned. Exact bytes: no case folding, no trimming.
  std::optional<InstrumentId> find(std::string_view symbol) const noexcept;
  // The same where kSymbolPadding bytes are readable from the symbol's beginning, as in a padded frame; faster.
  std::optional<InstrumentId> find_padded(std::string_view symbol) const noexcept;
  // Finds or adds; a new one has instrument == symbol. The table only grows, so whoever interns what a frame says must
  // bound it (the venues refuse beyond some ten thousand names).
  InstrumentId intern(std::string_view symbol);
  InstrumentInfo& operator[](InstrumentId id) noexcept { return infos_[index(id)]; }
  const InstrumentInfo& operator[](InstrumentId id) const noexcept { return infos_[index(id)]; }
  std::size_t size() const noexcept { return infos_.size(); }

  static constexpr std::size_t kSymbolPadding = 16;

 private:
  // The first 16 bytes, zeros behind a shorter symbol, and its whole length.
  struct Key {
    std::uint64_t head = 0;
    std::uint64_t tail = 0;
    std::uint32_t length = 0;

    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Slot {
    Key key;
    std::uint32_t entry = 0;  // index + 1, 0 = empty
  };

  static Key key_of(std::string_view symbol) noexcept;
  // Where it stands, or the free slot where it belongs. REQUIRES: at least one free slot.
  std::size_t slot_of(const Key& key, std::string_view symbol) const noexcept;
  std::optional<InstrumentId> find(const Key& key, std::string_view symbol) const noexcept;
  void grow();

  std::deque<InstrumentInfo> infos_;  // a deque: references stay while it grows
  std::vector<Slot> slots_;           // open addressing
};

}  // namespace millrace::normalize

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

// The instruments of one venue on one thread. References stay valid for the table's life; not thread-safe.
class InstrumentTable {
 public:
  std::optional<InstrumentId> find(std::string_view symbol) const noexcept;
  // Finds or adds; a new one has instrument == symbol.
  InstrumentId intern(std::string_view symbol);
  InstrumentInfo& operator[](InstrumentId id) noexcept { return infos_[index(id)]; }
  const InstrumentInfo& operator[](InstrumentId id) const noexcept { return infos_[index(id)]; }
  std::size_t size() const noexcept { return infos_.size(); }

 private:
  std::size_t slot_of(std::string_view symbol) const noexcept;
  void grow();

  std::deque<InstrumentInfo> infos_;
  std::vector<std::uint32_t> slots_;  // open addressing, index + 1, 0 = empty
};

}  // namespace millrace::normalize

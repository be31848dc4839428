#include "normalize/venues/registry.h"

#include <vector>

namespace millrace::normalize {

// Built on first use rather than by static objects of the folders, whose order of construction nobody controls and
// which a static library's linker would drop.
std::span<const VenueEntry> venues() noexcept {
  static const std::vector<VenueEntry> all = [] {
    std::vector<VenueEntry> entries;
    const auto add = [&entries](std::span<const VenueEntry> more) {
      entries.insert(entries.end(), more.begin(), more.end());
    };
#define VENUE(folder) add(folder##_venues());
#include "normalize/venues/registry.def"
#undef VENUE
    return entries;
  }();
  return all;
}

// By exact name; a configuration with another one was refused by its checks before.
std::unique_ptr<Venue> make_venue(std::string_view name, const VenueOptions& options) {
  for (const VenueEntry& entry : venues()) {
    if (entry.name == name) return entry.make(options);
  }
  return nullptr;
}

}  // namespace millrace::normalize

#include "normalize/venues/registry.h"

#include <vector>

namespace millrace::normalize {

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

std::unique_ptr<Venue> make_venue(std::string_view name, const VenueOptions& options) {
  for (const VenueEntry& entry : venues()) {
    if (entry.name == name) return entry.make(options);
  }
  return nullptr;
}

}  // namespace millrace::normalize

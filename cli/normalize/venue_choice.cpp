#include "cli/normalize/venue_choice.h"

#include <algorithm>
#include <filesystem>
#include <stdexcept>

namespace millrace::cli {
namespace {

std::string known_venues() {
  std::string names;
  for (const normalize::VenueEntry& entry : normalize::venues()) {
    names += (names.empty() ? "" : ", ") + std::string{entry.name};
  }
  return names;
}

std::string folder_of(const std::string& capture) {
  std::error_code ignored;
  std::string folder = std::filesystem::absolute(capture, ignored).parent_path().filename();
  std::replace(folder.begin(), folder.end(), '_', '-');
  return folder;
}

}  // namespace

std::unique_ptr<normalize::Venue> choose_venue(const std::string& name, const std::vector<std::string>& captures,
                                               const normalize::VenueOptions& options) {
  const std::string wanted = name.empty() ? folder_of(captures.front()) : name;
  if (auto venue = normalize::make_venue(wanted, options)) return venue;
  if (!name.empty()) throw std::invalid_argument{"no venue '" + name + "': it is one of " + known_venues()};
  throw std::invalid_argument{captures.front() + ": its folder '" + wanted +
                              "' names no venue, so say --venue, one of " + known_venues()};
}

}  // namespace millrace::cli

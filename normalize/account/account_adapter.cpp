#include "normalize/account/account_adapter.h"

#include "normalize/venues/accounts.h"

namespace millrace::normalize {

void AccountCommands::clear() {
  send.clear();
  rest.clear();
  wake_at.reset();
  new_token = false;
  login = Login::kUnchanged;
  login_detail.clear();
  reconnect = false;
  reason.clear();
}

std::span<const AccountVenueEntry> account_venues() noexcept {
  static const std::vector<AccountVenueEntry> all = [] {
    std::vector<AccountVenueEntry> entries;
    const auto add = [&entries](std::span<const AccountVenueEntry> more) {
      entries.insert(entries.end(), more.begin(), more.end());
    };
#define ACCOUNTS(folder) add(folder##_account_venues());
#include "normalize/venues/accounts.def"
#undef ACCOUNTS
    return entries;
  }();
  return all;
}

std::unique_ptr<AccountVenue> make_account_venue(std::string_view name, const VenueOptions& options) {
  for (const AccountVenueEntry& entry : account_venues()) {
    if (entry.name == name) return entry.make(options);
  }
  return nullptr;
}

}  // namespace millrace::normalize

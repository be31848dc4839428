#include <array>

#include "normalize/venues/accounts.h"
#include "normalize/venues/coinbase/account_advanced_venue.h"
#include "normalize/venues/coinbase/account_exchange_venue.h"

namespace millrace::normalize {
namespace {

template <class Venue>
std::unique_ptr<AccountVenue> make(const VenueOptions& options) {
  return std::make_unique<Venue>(options);
}

}  // namespace

std::span<const AccountVenueEntry> coinbase_account_venues() noexcept {
  static constexpr std::array kEntries = {AccountVenueEntry{"coinbase-exchange", make<coinbase::ExchangeVenue>},
                                          AccountVenueEntry{"coinbase-advanced", make<coinbase::AdvancedVenue>}};
  return kEntries;
}

}  // namespace millrace::normalize

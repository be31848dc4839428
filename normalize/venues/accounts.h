#pragma once

#include <span>

#include "normalize/account/account_adapter.h"

// As registry.h, for the private sides: a line ACCOUNTS(okx) in accounts.def declares
// `std::span<const AccountVenueEntry> okx_account_venues() noexcept`, which the folder defines.
namespace millrace::normalize {

#define ACCOUNTS(folder) std::span<const AccountVenueEntry> folder##_account_venues() noexcept;
#include "normalize/venues/accounts.def"
#undef ACCOUNTS

}  // namespace millrace::normalize

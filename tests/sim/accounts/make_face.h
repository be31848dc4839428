#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/accounts/face.h"
#include "tests/sim/accounts/keys.h"

namespace millrace::sim::accounts {

struct FaceOptions {
  std::string venue;
  std::size_t instruments = 3;    // which are traded: the first of market/instrument.h
  std::uint64_t seed = 1;         // decides everything that is random
  std::int64_t start_ns = 0;      // the ledger begins here
  std::vector<AccountKeys> keys;  // of one account: the worker's, then the sidecar's
  Knobs knobs = {};
};

// Venues with accounts.
std::span<const std::string_view> account_venue_names() noexcept;

// Throws std::runtime_error for a venue without accounts or without a key, or for a key that is not of its kind.
std::unique_ptr<AccountFace> make_face(const FaceOptions& options);

}  // namespace millrace::sim::accounts

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::sim::accounts {

// What the venue gave out with the API key, as the client holds it. Keys of simulated accounts open nothing, but they
// are treated like real ones: never on a command line, never printed.
struct AccountKeys {
  std::string api_key;
  std::string secret;      // as the venue shows it: base64 (Kraken, Coinbase), hex or a PEM (Binance), a word (Alpaca)
  std::string passphrase;  // Coinbase Exchange
};

// Keys of the kind that `venue` gives out. Ed25519 for Binance if `ed25519`. All but EC keys follow from the seed.
AccountKeys make_keys(std::string_view venue, std::uint64_t seed, bool ed25519 = false);

// PREFIX.key, PREFIX.secret and PREFIX.passphrase (if there is one): read if PREFIX.key exists, else made by make_keys
// from real randomness and written with mode 0600. Throws std::runtime_error if a file cannot be read or written, or
// may be read by others.
AccountKeys keys_in_files(const std::string& prefix, std::string_view venue);

}  // namespace millrace::sim::accounts

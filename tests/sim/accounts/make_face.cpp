#include "tests/sim/accounts/make_face.h"

#include <fmt/format.h>

#include <array>
#include <stdexcept>

#include "tests/sim/accounts/alpaca_account.h"
#include "tests/sim/accounts/binance_spot_account.h"
#include "tests/sim/accounts/binance_usdm_account.h"
#include "tests/sim/accounts/coinbase_advanced_account.h"
#include "tests/sim/accounts/coinbase_exchange_account.h"
#include "tests/sim/accounts/kraken_account.h"

namespace millrace::sim::accounts {

std::span<const std::string_view> account_venue_names() noexcept {
  static constexpr std::array<std::string_view, 6> kNames{
      "kraken", "binance-spot", "binance-usdm", "coinbase-exchange", "coinbase-advanced", "alpaca"};
  return kNames;
}

std::unique_ptr<AccountFace> make_face(const FaceOptions& options) {
  if (options.venue == "kraken") return std::make_unique<KrakenAccount>(options);
  if (options.venue == "binance-spot") return std::make_unique<BinanceSpotAccount>(options);
  if (options.venue == "binance-usdm") return std::make_unique<BinanceUsdmAccount>(options);
  if (options.venue == "coinbase-exchange") return std::make_unique<CoinbaseExchangeAccount>(options);
  if (options.venue == "coinbase-advanced") return std::make_unique<CoinbaseAdvancedAccount>(options);
  if (options.venue == "alpaca") return std::make_unique<AlpacaAccount>(options);
  throw std::runtime_error(fmt::format("sim has no accounts at \"{}\"", options.venue));
}

}  // namespace millrace::sim::accounts

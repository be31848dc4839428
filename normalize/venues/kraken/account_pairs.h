#pragma once

#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "normalize/error.h"

namespace millrace::normalize::kraken {

// How REST spells pairs ("XXBTZUSD", "XBTUSD", "XBT/USD") and what WebSocket v2 calls them ("BTC/USD"), as AssetPairs
// says.
class AccountPairs {
 public:
  // The answer to GET /0/public/AssetPairs; kFramePadding readable bytes behind it. Pairs without `wsname` (dark pools)
  // are left out. Errors: those of a broken body, kMissingField without "result".
  Result<void> read(std::string_view body);

  // The symbol of a pair. One that AssetPairs does not list (any more) is split by the currencies that it does list;
  // what cannot be split stays as sent.
  std::string symbol_of(std::string_view pair) const;

 private:
  void add(std::string_view name, const std::string& symbol);

  std::unordered_map<std::string, std::string> symbols_;
  std::set<std::string, std::less<>> quotes_;  // REST's spelling without a leading Z: "USD", "XBT"
};

}  // namespace millrace::normalize::kraken

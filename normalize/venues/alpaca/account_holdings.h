#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "normalize/account/account_adapter.h"
#include "normalize/venues/alpaca/account_messages.h"

namespace millrace::normalize::alpaca {

// What one account holds as last told: cash, and positions by symbol. Only news is published; a position that the venue
// lists no more is told as zero.
class Holdings {
 public:
  // Begins anew: all of it is news. What was held is remembered, so that what is gone since is told.
  void repeat();

  // Before the positions. The first one after repeat() has the flag RESET: what a consumer holds from an earlier run of
  // ours may have ended since, and no list says so.
  void tell_cash(const Holding& cash, AccountSink& out);
  // How positions are to be called; others keep their symbol.
  void set_names(AssetNames names) { names_ = std::move(names); }
  bool has_names() const noexcept { return !names_.empty(); }

  // The whole list.
  void tell_positions(const std::vector<Holding>& positions, AccountSink& out);

 private:
  struct Told {
    Holding holding;
    bool listed = false;
    bool repeat = false;
  };
  using ByAsset = std::map<std::string, Told, std::less<>>;

  static void tell(ByAsset& told, const Holding& holding, std::uint32_t flags, AccountSink& out);

  AssetNames names_;
  bool reset_ = true;
  ByAsset cash_;
  ByAsset positions_;
};

}  // namespace millrace::normalize::alpaca

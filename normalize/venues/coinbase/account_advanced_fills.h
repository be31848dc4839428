#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "normalize/account/account_adapter.h"
#include "normalize/json/json_tree.h"
#include "normalize/venues/coinbase/account_advanced_messages.h"

namespace millrace::normalize::coinbase {

// Fills of an account of Coinbase Advanced from GET /orders/historical/fills (sheet, 6), in the venue's own order with
// its cursor; sorted pages are documented as unstable. It is the only source of fills, so that event ids are made of
// entry ids.
//
// The venue filters by the time at which it sequenced a fill, which is at or behind the trade's: the question reaches a
// minute further than the range. Reversals and corrections are entries of their own, and newer than the fill that they
// are about, with its order and trade id. They get its event id: where the walk has not seen the fill, it asks for it
// once the pages are read.
class AdvancedFillWalk final : public FillWalk {
 public:
  AdvancedFillWalk(std::string_view venue, std::string_view account, SweepRange range);

  PrivateRequest begin() override;
  // Errors: those of rows; kSequenceGap for a cursor that leads nowhere.
  Result<std::optional<PrivateRequest>> on_page(const PrivateAnswer& answer, std::vector<FoundFill>& fills) override;

 private:
  PrivateRequest request() const;
  std::optional<PrivateRequest> ask_corrected();
  void tell_corrections(std::vector<FoundFill>& fills);

  const std::string venue_;
  const std::string account_;
  const SweepRange range_;
  JsonParser parser_;
  std::string cursor_;
  bool all_read_ = false;
  std::vector<std::string> unseen_;                       // trade ids of corrections whose fill the pages lack
  std::vector<AdvancedFill> corrections_;                 // newest first
  std::unordered_map<std::string, std::string> entries_;  // "order/trade" -> entry id
};

// `quote` / `price`, if the quotient is a decimal of at most 30 digits behind the point: nothing is rounded.
std::optional<schemas::WideDecimal> exact_quotient(const schemas::WideDecimal& quote,
                                                   const schemas::WideDecimal& price);

inline constexpr std::int64_t kAdvancedFillsPage = 100;

}  // namespace millrace::normalize::coinbase

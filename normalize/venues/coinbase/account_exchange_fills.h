#pragma once

#include <optional>
#include <string>

#include "normalize/account/account_adapter.h"
#include "normalize/json/json_tree.h"

namespace millrace::normalize::coinbase {

// Fills of one product from GET /fills (sheet, 6): newest first, page after page of older ones until one begins before
// the range. The venue's cursor (CB-AFTER) is the trade id of a page's last row, and exclusive; but a match with
// ourselves is two rows of one trade id. So each page is asked for from one id higher, and begins with known rows.
class ExchangeFillWalk final : public FillWalk {
 public:
  ExchangeFillWalk(std::string_view venue, std::string_view account, SweepRange range);

  PrivateRequest begin() override;
  // Errors: those of rows; kSequenceGap for a page that does not continue the one before.
  Result<std::optional<PrivateRequest>> on_page(const PrivateAnswer& answer, std::vector<FoundFill>& fills) override;

 private:
  PrivateRequest request() const;

  const std::string venue_;
  const std::string account_;
  const SweepRange range_;
  JsonParser parser_;
  std::optional<std::int64_t> after_;  // rows below it are wanted; absent: from the newest on
};

inline constexpr std::int64_t kExchangeFillsPage = 1000;

}  // namespace millrace::normalize::coinbase

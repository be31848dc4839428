#pragma once

#include <optional>
#include <string>

#include "normalize/account/account_adapter.h"
#include "normalize/json/json_tree.h"

namespace millrace::normalize::alpaca {

// Fills of the account from GET /v2/account/activities/FILL, one request a day with `date=`.
//
// Pages of this call lose rows: its cursor (the id of a page's last row) orders by millisecond only, so that of fills
// of one millisecond some may stand before the cursor without having been on the page (sheet, 8: Alpaca-API #170 and
// #176). With `date` the venue gives all of a day at once, without a limit (6), so that no page begins anywhere. What
// zone a date is in is not documented: ids count New York's time, so each day is asked for that the range may touch in
// it or in UTC. A row beyond its day would mean that the venue ignored the date, and gave a page: the range is not
// proven then.
class FillWalkByDate final : public FillWalk {
 public:
  FillWalkByDate(std::string_view venue, std::string_view account, SweepRange range);

  PrivateRequest begin() override;
  // Errors: those of rows; kSequenceGap for a row that is not of the day asked for.
  Result<std::optional<PrivateRequest>> on_page(const PrivateAnswer& answer, std::vector<FoundFill>& fills) override;

 private:
  PrivateRequest request() const;

  const std::string venue_;
  const std::string account_;
  const SweepRange range_;
  JsonParser parser_;
  UnixNanos day_ = 0;  // 00:00 UTC of the day asked for
};

}  // namespace millrace::normalize::alpaca

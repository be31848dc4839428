#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include "normalize/account/account_adapter.h"
#include "normalize/json/json_tree.h"
#include "normalize/venues/kraken/account_pairs.h"

namespace millrace::normalize::kraken {

// Reads all fills of a range from POST /0/private/TradesHistory, 50 a page, newest first, after one public AssetPairs
// that says how the venue's streams spell the pairs.
//
// Complete means: as many different ids as the venue counts in the range. The count comes with each page; if it changes
// on the way, rows may have slipped past the page borders, and the walk begins at the first page again, which happens
// kMostRestarts times before it is an error.
class KrakenFillWalk : public FillWalk {
 public:
  KrakenFillWalk(std::string account, SweepRange range);

  PrivateRequest begin() override;
  Result<std::optional<PrivateRequest>> on_page(const PrivateAnswer& answer, std::vector<FoundFill>& fills) override;

  static constexpr int kMostRestarts = 5;

 private:
  PrivateRequest page_at(std::size_t offset);
  Result<std::optional<PrivateRequest>> read_page(std::string_view body, std::vector<FoundFill>& fills);
  // After a page of `rows` rows, with `count` in the range by the venue.
  Result<std::optional<PrivateRequest>> next_page(std::size_t rows, std::size_t count);
  Result<FoundFill> read_fill(const JsonNode& node) const;
  bool in_range(const FoundFill& fill) const;

  const std::string account_;
  const SweepRange range_;
  std::string expected_key_;  // of the answer that is next
  std::size_t offset_ = 0;
  std::optional<std::size_t> count_;  // as the first page of this turn told it
  int restarts_ = 0;
  std::unordered_set<std::string> ids_;  // read in this turn
  AccountPairs pairs_;
  JsonParser parser_;
};

}  // namespace millrace::normalize::kraken

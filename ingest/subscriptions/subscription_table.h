#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "normalize/symbols/dataset.h"
#include "normalize/venue_adapter.h"

namespace millrace::ingest {

// What the records of the subscription topic come to for one worker: of the partitions that it holds, what is wanted
// and what of that it can serve. Pure; used on one thread.
class SubscriptionTable {
 public:
  // The datasets that the worker's configuration names for each of its venues.
  using Offers = std::map<std::string, std::vector<normalize::Dataset>, std::less<>>;

  explicit SubscriptionTable(Offers offers) : offers_(std::move(offers)) {}

  // A partition is held, which is enough to read it, and later served, which takes a claim.
  void hold(std::int32_t partition) { held_.try_emplace(partition); }
  void drop(std::int32_t partition) { held_.erase(partition); }
  void serve_all();
  bool empty() const noexcept { return held_.empty(); }
  std::vector<std::int32_t> held() const;
  std::vector<std::int32_t> served() const;  // rising

  // `datasets` empty: all that the worker offers. What it returns is one line for what cannot be served; empty = all
  // can. A partition that is not held is passed over.
  std::string want(std::int32_t partition, std::string_view venue, std::string_view symbol,
                   std::span<const std::string> datasets);
  void forget(std::int32_t partition, std::string_view venue, std::string_view symbol);

  // In partitions that are served: by venue, each in the order of symbols; a venue without any has an empty list.
  std::map<std::string, std::vector<normalize::Subscription>> wanted() const;
  std::size_t streams() const;  // wanted in all partitions that are held
  // Records that cannot be served, or not whole.
  std::size_t refused() const;

 private:
  struct Instrument {
    std::vector<normalize::Dataset> datasets;
    bool refused = false;
  };
  using Symbol = std::pair<std::string, std::string>;  // venue and symbol
  struct Partition {
    std::map<Symbol, Instrument> instruments;
    bool served = false;
  };

  Offers offers_;
  std::map<std::int32_t, Partition> held_;
};

}  // namespace millrace::ingest

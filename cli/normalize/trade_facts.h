#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <string>

#include "cli/normalize/exact_sum.h"
#include "normalize/event_sink.h"
#include "schemas/events/market.h"

namespace millrace::cli {

// Count and exact sums of some trades of one stream.
class TradeFacts {
 public:
  // In the order of the stream: first and last id are those of the calls.
  void add(const schemas::Trade& trade);
  boost::json::object json() const;
  bool empty() const noexcept { return count_ == 0; }

 private:
  std::int64_t count_ = 0, buys_ = 0, sells_ = 0;
  ExactSum quantity_, value_;
  std::string first_id_, last_id_;
};

}  // namespace millrace::cli

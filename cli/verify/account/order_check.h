#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "cli/verify/account/seen_account.h"

namespace millrace::cli {

// The quantities of orders, those of all accounts together: of the last `most` orders so much is kept as their sums
// need, about 400 bytes each. What is older is forgotten and not judged. Pure.
class OrderCheck {
 public:
  explicit OrderCheck(std::size_t most = 200'000) : most_{most} {}

  // `news`: a record of the worker, in order. Others can tell fills only: the sidecar's, and what comes late or under a
  // lower epoch, is not the order's state. `first_told`: its event_id was never told before. Appends what is wrong;
  // returns how much was compared.
  std::int64_t on_report(const SeenMeta& meta, const SeenExecution& report, bool news, bool first_told,
                         std::vector<std::string>& wrong);

  // Of one order, at the end.
  struct Sum {
    std::string venue, account, symbol;
    std::int64_t begun_ns = 0;  // receive time of its first report
    std::int64_t told_ns = 0;   // of the report that told its filled quantity last, for the first time
    std::string less;           // what, for people, if its fills add up to less than that
    std::string more;           // if they add up to more than the order has, or than it ended with
    std::string fell;           // if they add up, and a report told that less was filled than one before it
  };
  // For every order whose beginning was told, and whose fills were never corrected.
  void add_up(const std::function<void(const Sum&)>& handle) const;

  std::int64_t forgotten() const noexcept { return forgotten_; }

 private:
  struct Order {
    std::string venue, account, symbol, id;
    std::int64_t epoch = 0;
    std::int64_t begun_ns = 0;
    std::int64_t told_ns = 0;
    bool from_beginning = false;  // its first report says that nothing is filled
    bool altered = false;         // a fill was corrected, or is without a quantity
    bool ended = false;           // with a filled quantity that the venue told
    std::string fell;  // what, for people: the filled quantity went back; whether a fill was busted shows in the end
    std::optional<Amount> quantity, cumulative;
    Amount filled;  // by its fills, each once
  };

  Order& order_of(const SeenMeta& meta, const SeenExecution& report, bool& is_new);
  static std::int64_t check_bounds(const SeenMeta& meta, const SeenExecution& report, std::vector<std::string>& wrong);
  static void watch_falls(const SeenMeta& meta, const SeenExecution& report, Order& order);

  const std::size_t most_;
  std::unordered_map<std::string, Order> orders_;  // venue/account/symbol/id
  std::deque<std::string> in_order_;
  std::int64_t forgotten_ = 0;
};

}  // namespace millrace::cli

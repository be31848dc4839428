#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::normalize {

// For venues whose private stream gives no snapshot: compares the orders that we believe open with a list from REST.
// Each one that the list leaves out is asked for by its id. "No such order" counts the second time only, as REST may
// lag behind the stream and the order may be younger than its view.
class OpenOrderCheck {
 public:
  // A new connection: what was asked for on an earlier one is not waited for.
  void clear() {
    were_open_.clear();
    listed_.clear();
    asked_.clear();
  }

  // A list is asked for; `open`: the orders that are open by now.
  void begin(std::vector<std::string> open) {
    were_open_ = std::move(open);
    listed_.clear();
  }
  // False: the list has named it already. A page without a new order must not be followed by another.
  bool add(const std::string& id) { return listed_.insert(id).second; }
  // The list is complete: the orders to ask for, but for those that are asked for already.
  std::vector<std::string> missing() {
    std::vector<std::string> ids;
    for (std::string& id : were_open_) {
      if (!listed_.contains(id) && asked_.try_emplace(id, 0).second) ids.push_back(std::move(id));
    }
    were_open_.clear();
    listed_.clear();
    return ids;
  }

  bool is_asked(std::string_view id) const { return asked_.contains(id); }
  // The answer told the order's state, or none will come.
  void settled(std::string_view id) {
    if (const auto at = asked_.find(id); at != asked_.end()) asked_.erase(at);
  }
  // The answer was "no such order". True: for the second time, so that the order is gone, and settled. False: to be
  // asked again after REST's lag.
  bool not_found(std::string_view id) {
    const auto at = asked_.find(id);
    if (at == asked_.end() || ++at->second == 1) return false;
    asked_.erase(at);
    return true;
  }
  // Is a first answer awaited?
  bool waits() const {
    return std::any_of(asked_.begin(), asked_.end(), [](const auto& asked) { return asked.second == 0; });
  }

 private:
  std::vector<std::string> were_open_;
  std::set<std::string, std::less<>> listed_;
  std::map<std::string, int, std::less<>> asked_;  // how often the answer was "no such order"
};

}  // namespace millrace::normalize

#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "millrace/listener.h"

namespace millrace::client {

// What status() shows of accounts and records, written by the reading thread and read by any.
class StatusBoard {
 public:
  struct Counts {
    std::int64_t records = 0, repeats = 0, undecodable = 0;
  };

  void count(std::int64_t Counts::*which) {
    const std::scoped_lock lock(mutex_);
    ++(counts_.*which);
  }
  // `change(AccountStatus&)` of this account, which is made if it is new.
  template <class Change>
  void update(const std::string& venue, const std::string& account, Change&& change) {
    const std::scoped_lock lock(mutex_);
    AccountStatus& status = accounts_[{venue, account}];
    status.venue = venue;
    status.account = account;
    change(status);
  }
  void fill(Status& status) const {
    const std::scoped_lock lock(mutex_);
    for (const auto& [key, account] : accounts_) status.accounts.push_back(account);
    status.records = counts_.records;
    status.repeats = counts_.repeats;
    status.undecodable = counts_.undecodable;
  }

 private:
  mutable std::mutex mutex_;
  Counts counts_;
  std::map<std::pair<std::string, std::string>, AccountStatus> accounts_;
};

}  // namespace millrace::client

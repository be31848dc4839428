#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "normalize/account/told_orders.h"
#include "publish/kafka/settings.h"

namespace millrace::ingest {

// What earlier processes told of the accounts of this one: by their execution topics, and by what they left behind in
// the journal. Filled at start. One thread.
class ToldAccounts {
 public:
  // Only accounts that were added are taken in.
  void add(const std::string& venue, const std::string& account) { accounts_.try_emplace({venue, account}); }
  bool empty() const noexcept { return accounts_.empty(); }

  // A record of an execution topic.
  void note(std::string_view record);
  void note(const schemas::Meta& meta, const schemas::Execution& report);

  // It was added. Valid as long as this object.
  const normalize::ToldOrders& of(std::string_view venue, std::string_view account) const;
  // Records that cannot be decoded.
  std::int64_t unreadable() const noexcept { return unreadable_; }
  // Their execution topics, after the prefix, sorted.
  std::vector<std::string> topics() const;

 private:
  std::map<std::pair<std::string, std::string>, normalize::ToldOrders> accounts_;  // by venue and account
  std::int64_t unreadable_ = 0;
};

// Reads the last million records of each partition of the topics, for at most `timeout`, on the caller's thread. A
// broker that does not answer and a topic that is missing are logged: what had come by then counts.
void read_told(const publish::KafkaSettings& settings, std::chrono::milliseconds timeout, ToldAccounts& told);

}  // namespace millrace::ingest

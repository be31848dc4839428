#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "cli/verify/verifier.h"
#include "tests/ledger/broker.h"

namespace millrace::ledger {

// `millrace verify` as a consumer of one run's topics: it must find nothing wrong with what worker and sidecar wrote,
// whatever the venue did. It knows less than Properties, since it has no ledger, and looks at what they do not:
// numbers, heartbeats, the words of the sidecar.
class Judge {
 public:
  // `time` outlives it.
  Judge(std::string venue, const Timeline& time);

  // A record of the worker as it lands. Types that verify does not read are left out.
  void on_worker(schemas::MessageType type, std::string_view bytes);
  // A fill of the sidecar as it lands, and its words.
  void on_replay(const ExecutionRecord& record);
  void on_recovery(const schemas::Recovery& recovery);

  // Once, last: what is wrong, for people; empty = nothing.
  std::string verdict();

 private:
  void record(const std::string& topic, std::string_view key, std::string_view bytes);
  schemas::Meta meta_of(const schemas::StreamIdentity& identity) const;

  const std::string venue_;
  const Timeline& time_;
  cli::Verifier verifier_;
  std::map<std::string, std::int64_t> ends_;           // next offset by topic
  std::map<std::int64_t, std::int64_t> replayed_seq_;  // by instance
};

}  // namespace millrace::ledger

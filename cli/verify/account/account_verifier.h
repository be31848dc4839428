#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "cli/verify/account/account_check.h"
#include "cli/verify/sequence_check.h"

namespace millrace::cli {

// The accounts' part of the Verifier: reads records of executions, balances and sweeps, and hands them to the check of
// their account. The numbers of the worker's streams stay with the Verifier. One thread.
class AccountVerifier {
 public:
  // "execution", "balance" or "recovery"; nullptr: not such a record. Lives until the next call.
  const SeenMeta* read(std::string_view dataset, std::string_view bytes);
  // What was read last. `worker`: the numbers of the stream; left alone by a sweep. True: a worker wrote it, so that it
  // is a sign of life of its stream.
  bool on_record(SequenceCheck& worker, const AccountCheck::Place& place);
  // Of dataset "execution" or "balance".
  void on_beat(const SeenBeat& beat);

  // Once, before the numbers of any stream are settled. `executions` gives those of an account's executions.
  using Numbers = std::function<SequenceCheck&(const std::string& venue, const std::string& account)>;
  void finish(const Numbers& executions, std::int64_t read_from_ns, std::int64_t now_ns);

  // By venue and account.
  using Name = std::pair<std::string, std::string>;
  const std::map<Name, AccountCheck>& accounts() const noexcept { return accounts_; }
  const AccountMemory& memory() const noexcept { return memory_; }

 private:
  enum class Dataset : std::uint8_t { kExecution, kBalance, kRecovery };

  AccountCheck& account(const std::string& venue, const std::string& account);

  AccountReader reader_;
  AccountMemory memory_;
  std::map<Name, AccountCheck> accounts_;
  Dataset dataset_ = Dataset::kExecution;
  SeenMeta meta_;
  SeenExecution execution_;
  SeenBalance balance_;
  SeenRecovery recovery_;
};

}  // namespace millrace::cli

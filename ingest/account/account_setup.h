#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ingest/account/account_thread.h"
#include "ingest/config/config.h"

namespace millrace::ingest {

// What the account thread of a worker with this configuration needs, but for its way to the broker. Reads the keys:
// start-up only. Throws std::runtime_error that names the account and the part of its key that cannot be read.
AccountThreadSetup account_setup(const Config& config, std::int64_t epoch);

// The configuration was read again: reads the keys of every account once more and hands them to its session. `mine` are
// the accounts that run and are told where their keys are from now on. Keys that cannot be read are logged and change
// nothing. What it returns is one line for each thing that stays as it is: accounts that came, went or changed in
// something else.
std::vector<std::string> renew_accounts(std::vector<AccountConfig>& mine, const std::vector<AccountConfig>& wanted,
                                        AccountThread* running);

// Topics of one account's records: executions, balances and what is said about them.
std::vector<std::string> account_topics(const AccountConfig& account);

}  // namespace millrace::ingest

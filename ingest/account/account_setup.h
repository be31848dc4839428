#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ingest/account/account_thread.h"
#include "ingest/config/config.h"

namespace millrace::ingest {

// What the account thread of a worker with this configuration needs. Reads the keys: start-up only. Throws
// std::runtime_error that names the account and the part of its key that cannot be read.
AccountThreadSetup account_setup(const Config& config, std::int64_t epoch);

// Topics of one account's records: executions, balances and what is said about them.
std::vector<std::string> account_topics(const AccountConfig& account);

}  // namespace millrace::ingest

#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "ingest/config/config.h"
#include "publish/kafka/settings.h"
#include "publish/lane/lane.h"

// Which lanes a configuration asks for, and where each of them keeps what it has on disk. Below `journal.dir`: account,
// market-N (records of a worker without a broker), spill/N (what waits for the broker), archive-account, archive-N,
// epoch, nonce.
namespace millrace::ingest {

publish::KafkaSettings kafka_settings(const KafkaConfig& config);

// Of ingest thread `number`. Throws std::runtime_error with what to do. Made on the thread that uses it.
std::unique_ptr<publish::Lane> make_market_lane(const Config& config, int number);
std::unique_ptr<publish::Lane> make_account_lane(const Config& config);

// The claim of a worker without a broker: a number that rises with each start, kept in the journal's folder. Throws
// std::runtime_error that names the file.
std::int64_t take_local_epoch(const std::string& journal_dir);

}  // namespace millrace::ingest

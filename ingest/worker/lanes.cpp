#include "ingest/worker/lanes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <utility>

#include "publish/journal/segment.h"
#include "publish/lane/account_lane.h"
#include "publish/lane/journal_lane.h"
#include "publish/lane/market_lane.h"

namespace millrace::ingest {
namespace {

constexpr std::int64_t kMebibyte = 1024 * 1024;

// Of one of the `parts` that share what is configured.
publish::JournalSettings journal_settings(const JournalConfig& config, const std::string& name, std::int64_t parts) {
  publish::JournalSettings settings;
  settings.folder = config.dir + "/" + name;
  settings.limit_bytes = config.archive_mb * kMebibyte / parts;
  settings.max_age_s = config.archive_age_h * 3'600;
  settings.sync_every = std::chrono::milliseconds(config.sync_ms);
  return settings;
}

std::unique_ptr<publish::Lane> archived(const Config& config, std::unique_ptr<publish::Lane> lane,
                                        const std::string& name) {
  if (!config.journal.archive) return lane;
  return std::make_unique<publish::ArchivedLane>(std::move(lane),
                                                 journal_settings(config.journal, name, config.threads + 1));
}

}  // namespace

publish::KafkaSettings kafka_settings(const KafkaConfig& config) {
  publish::KafkaSettings settings;
  settings.brokers = config.brokers;
  settings.prefix = config.prefix;
  settings.properties = config.properties;
  settings.linger_us = config.linger_us;
  return settings;
}

// Memory and disk are divided evenly: threads share nothing, so none can borrow from another.
std::unique_ptr<publish::Lane> make_market_lane(const Config& config, int number) {
  if (!has_broker(config)) {
    return std::make_unique<publish::JournalLane>(
        journal_settings(config.journal, fmt::format("market-{}", number), config.threads + 1));
  }
  publish::LaneSettings settings;
  settings.kafka = kafka_settings(config.kafka);
  settings.memory_limit = static_cast<std::size_t>(config.kafka.memory_limit_mb * kMebibyte / config.threads);
  if (!config.journal.dir.empty()) settings.spill_folder = fmt::format("{}/spill/{}", config.journal.dir, number);
  settings.spill_limit = config.journal.limit_mb * kMebibyte / config.threads;
  settings.spills = [&config](std::string_view dataset) { return spills(config, std::string(dataset)); };
  return archived(config, std::make_unique<publish::MarketLane>(std::move(settings)),
                  fmt::format("archive-{}", number));
}

std::unique_ptr<publish::Lane> make_account_lane(const Config& config) {
  if (!has_broker(config)) {
    auto settings = journal_settings(config.journal, "account-sink", config.threads + 1);
    settings.sync_every = std::chrono::milliseconds{0};
    return std::make_unique<publish::JournalLane>(std::move(settings));
  }
  publish::AccountLaneSettings settings;
  settings.kafka = kafka_settings(config.kafka);
  settings.spill_folder = config.journal.dir + "/account";
  settings.spill_limit = config.journal.limit_mb * kMebibyte;
  return archived(config, std::make_unique<publish::AccountLane>(std::move(settings)), "archive-account");
}

// Written beside and renamed, so that a crash leaves the old number or the new one.
std::int64_t take_local_epoch(const std::string& journal_dir) {
  const std::string path = journal_dir + "/epoch";
  const std::string half = path + ".tmp";
  std::error_code failed;
  std::filesystem::create_directories(journal_dir, failed);
  std::int64_t epoch = 0;
  if (std::filesystem::exists(path) && !(std::ifstream(path) >> epoch && epoch > 0)) {
    throw std::runtime_error(fmt::format("{}: it holds no number: write one above every epoch of this journal", path));
  }
  ++epoch;
  const std::string text = fmt::format("{}\n", epoch);
  const publish::File file(::open(half.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file || !publish::write_at(file.fd(), text, 0) || ::fsync(file.fd()) != 0 ||
      ::rename(half.c_str(), path.c_str()) != 0) {
    throw std::runtime_error(fmt::format("{}: {}", path, std::strerror(errno)));
  }
  return epoch;
}

}  // namespace millrace::ingest

#include "ingest/account/account_setup.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <utility>

#include "ingest/account/account_keys.h"
#include "publish/kafka/topic_names.h"

namespace millrace::ingest {
namespace {

std::string name_of(const AccountConfig& account) { return fmt::format("account {}/{}", account.venue, account.name); }

bool is_same(const AccountConfig& one, const AccountConfig& other) {
  return one.venue == other.venue && one.name == other.name;
}

bool differs_in_more_than_keys(AccountConfig wanted, const AccountConfig& mine) {
  wanted.keys = mine.keys;
  wanted.sidecar_keys = mine.sidecar_keys;
  return wanted != mine;
}

}  // namespace

std::vector<std::string> renew_accounts(std::vector<AccountConfig>& mine, const std::vector<AccountConfig>& wanted,
                                        AccountThread* running) {
  std::vector<std::string> left;
  for (AccountConfig& account : mine) {
    const auto same = std::ranges::find_if(wanted, [&](const AccountConfig& one) { return is_same(one, account); });
    if (same == wanted.end()) {
      left.push_back(name_of(account) + " is gone");
      continue;
    }
    if (differs_in_more_than_keys(*same, account))
      left.push_back(name_of(account) + " has changed in more than its keys");
    auto keys = reload_keys(same->keys);
    if (!keys) {
      spdlog::error("account_keys_unreadable venue={} account={} detail=\"{}\"", account.venue, account.name,
                    keys.error().where);
      continue;
    }
    account.keys = same->keys;
    if (running != nullptr) running->renew(account, std::move(*keys));
  }
  for (const AccountConfig& account : wanted) {
    if (std::ranges::none_of(mine, [&](const AccountConfig& one) { return is_same(one, account); })) {
      left.push_back(name_of(account) + " is new");
    }
  }
  return left;
}

std::vector<std::string> account_topics(const AccountConfig& account) {
  std::vector<std::string> topics;
  for (const char* dataset : {"execution", "balance"}) {
    topics.push_back(publish::account_topic(account.venue, dataset));
  }
  for (const char* what : {"status", "heartbeat", "gap", "quarantine"}) {
    topics.push_back(publish::ops_topic(account.venue, what));
  }
  return topics;
}

AccountThreadSetup account_setup(const Config& config, std::int64_t epoch) {
  AccountThreadSetup setup;
  setup.epoch = epoch;
  setup.worker = config.worker;
  setup.nonce_folder = config.journal.dir + "/nonce";
  setup.heartbeat_ns = config.heartbeat_ms * 1'000'000;
  setup.shutdown_ms = config.shutdown_ms;
  setup.rest_share_percent = 100 - config.sidecar_share_percent;
  std::set<std::string> topics;
  for (const AccountConfig& account : config.accounts) {
    auto keys = load_keys(account.keys);
    if (!keys) {
      throw std::runtime_error(fmt::format("account {}/{}: {}", account.venue, account.name, keys.error().where));
    }
    for (std::string& topic : account_topics(account)) topics.insert(std::move(topic));
    setup.accounts.push_back({account, std::move(*keys)});
  }
  setup.topics.assign(topics.begin(), topics.end());
  return setup;
}

}  // namespace millrace::ingest

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ingest/account/account_feed.h"
#include "ingest/config/config.h"
#include "publish/kafka/settings.h"
#include "publish/lane/lane.h"
#include "publish/sequence/host_stop.h"

namespace millrace::ingest {

// One account with its keys.
struct AccountSetup {
  AccountConfig config;
  AccountKeys keys;  // taken by the thread
};

// What the account thread is to do. Handed over once.
struct AccountThreadSetup {
  std::int64_t epoch = 0;
  std::string worker;
  std::function<std::unique_ptr<publish::Lane>()> make_lane;  // called on the thread
  std::optional<publish::KafkaSettings> kafka;                // where earlier epochs are read; null: no broker
  std::string nonce_folder;
  std::int64_t heartbeat_ns = 0;
  std::int64_t shutdown_ms = 0;
  std::int64_t rest_share_percent = 70;  // of each host's budget, beside the sidecar's
  std::vector<std::string> topics;       // warmed before READY
  std::vector<AccountSetup> accounts;
  std::vector<publish::HostStop> stops;  // of REST hosts, as others were told before
  // A REST host told one of the accounts to be quiet; on the thread. May be empty.
  std::function<void(const publish::HostStop&)> host_stopped;
};

// The thread of all account sessions: its own io_context, lane and producer, so that market data neither delays nor
// fills anything here. Made, asked and joined by the worker's thread.
class AccountThread {
 public:
  explicit AccountThread(AccountThreadSetup setup);
  ~AccountThread();  // stop() and wait()
  AccountThread(const AccountThread&) = delete;
  AccountThread& operator=(const AccountThread&) = delete;

  // As IngestThread: one line per reason why it cannot run (topics, keys, the journal); empty: it runs.
  std::vector<std::string> start();
  // The configuration was read again; `keys`: what is there of the account's keys now, null = what there was. An
  // account that a refused key had halted is tried anew; one with other keys gets a session of theirs. After start().
  void renew(const AccountConfig& account, std::optional<AccountKeys> keys);
  // Nothing more to that REST host before that; from any thread.
  void stop_host(const publish::HostStop& stop);
  void stop();
  // How many records the broker has not acknowledged; they lie in the journal.
  std::size_t wait();

  // For metrics, valid from start() to the end.
  const std::vector<std::unique_ptr<AccountFeed>>& feeds() const noexcept;
  const publish::Lane& lane() const noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace::ingest

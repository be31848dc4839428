#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ingest/account/account_feed.h"
#include "tests/ledger/broker.h"
#include "tests/ledger/history.h"
#include "tests/ledger/venue_host.h"
#include "tests/ledger/venue_link.h"
#include "tests/sim/accounts/keys.h"

namespace millrace::ledger {

// The name of the account in every run.
inline constexpr std::string_view kAccount = "main";

// The last nonce that an API key has used; outlives processes, as NonceSource's file does.
struct Nonces {
  std::uint64_t last = 0;
  std::uint64_t next(std::int64_t now) { return last = std::max(last + 1, static_cast<std::uint64_t>(now)); }
};

// What a process needs to sign with one key. `offset`: the venue's clock minus ours, as the process knows it.
ingest::SigningWorld signing_world(const Timeline& time, Nonces& nonces, Random& random,
                                   std::function<std::int64_t()> offset);
std::unique_ptr<ingest::AccountSigner> make_signer(const normalize::AccountVenue& venue,
                                                   const sim::accounts::AccountKeys& keys, ingest::SigningWorld world);

// Of the venue's REST address: "api.kraken.com".
std::string rest_host(const normalize::AccountVenue& venue);

// The symbols that the account trades, as the configuration lists them.
std::vector<std::string> symbols_of(const sim::accounts::AccountFace& face);

// One life of the worker: the account's real feed, adapter, signer and writer over a link and a producer of the test.
class WorkerProcess {
 public:
  struct World {
    Timeline& time;
    History& history;
    Random& random;
    VenueHost& host;
    const Broker& broker;
    Producer& producer;
    Nonces& nonces;
    const sim::accounts::AccountKeys& keys;
    std::string venue;
  };
  // The world outlives it. Its session begins once it has read what the topic says of the account's orders.
  WorkerProcess(World world, std::int64_t epoch);

  void tick();
  bool is_live() const;
  // It has given up until somebody changes its configuration.
  bool is_halted() const {
    return feed_->writer().state(normalize::Dataset::kExecution) == schemas::StreamState::kHalted;
  }
  const ingest::AccountFeed& feed() const noexcept { return *feed_; }

 private:
  void make_feed(std::unique_ptr<normalize::AccountVenue> venue);
  // What is in the topic now, and no more.
  normalize::ToldOrders read_topic() const;

  World world_;
  std::unique_ptr<publish::AccountWriter> writer_;
  std::weak_ptr<VenueLink> link_;  // of the feed
  std::unique_ptr<ingest::AccountFeed> feed_;
  bool started_ = false;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace millrace::ledger

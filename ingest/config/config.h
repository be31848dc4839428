#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "normalize/symbols/dataset.h"
#include "normalize/venue_adapter.h"

// The configuration of one worker as plain data. The members' initial values are the defaults; keys.cpp names, checks
// and documents each of them.
namespace millrace::ingest {

// Deadlines of one venue's connections and requests, in milliseconds. first_data_ms also bounds how long two
// connections overlap.
struct TimeoutConfig {
  std::int64_t connect_ms = 5'000;      // TCP
  std::int64_t handshake_ms = 5'000;    // TLS, and the WebSocket upgrade
  std::int64_t first_data_ms = 10'000;  // from the subscription to the stream's first data
  std::int64_t request_ms = 10'000;     // a whole REST request
  std::int64_t close_ms = 1'000;        // waiting for the venue's close frame

  friend bool operator==(const TimeoutConfig&, const TimeoutConfig&) = default;
};

// Limits that replace the venue's own; 0 = as the venue documents.
struct LimitConfig {
  std::int64_t streams_per_connection = 0;
  std::int64_t messages_per_second = 0;
  std::int64_t connects_per_window = 0;
  std::int64_t connect_window_s = 0;
  std::int64_t rest_weight_per_minute = 0;
  std::int64_t lifetime_s = 0;
  std::int64_t silence_ms = 0;
  std::int64_t busy_silence_ms = 0;
  std::int64_t ping_interval_ms = 0;

  friend bool operator==(const LimitConfig&, const LimitConfig&) = default;
};

// One venue and what is wanted from it: each of `symbols` with each of `datasets`. Symbols in the venue's spelling.
struct VenueConfig {
  std::string name;
  std::string ws_url;  // empty = the venue's production address
  std::string rest_url;
  std::string ca_file;  // empty = the system's authorities
  std::vector<std::string> symbols;
  std::vector<std::string> dataset_names;
  std::vector<normalize::Dataset> datasets;  // of dataset_names
  // Levels a side; 0 of book_depth and snapshot_levels = the venue's default. max_levels is what is kept.
  std::int64_t book_depth = 0;
  std::string book_speed;
  std::int64_t snapshot_levels = 0;
  std::int64_t max_levels = 5'000;
  bool bbo_from_book = false;
  bool hot_standby = false;
  std::int64_t book_audit_s = 3'600;  // 0 = never
  LimitConfig limits;
  TimeoutConfig timeouts;
};

// Where one API key and what belongs to it come from: a file or a variable each, never the text itself.
struct KeySource {
  std::string api_key_file, api_key_env;
  std::string secret_file, secret_env;
  std::string passphrase_file, passphrase_env;  // Coinbase Exchange only

  friend bool operator==(const KeySource&, const KeySource&) = default;
};

// One account of one venue: its executions and balances. The same section serves `millrace ingest` and `millrace
// sidecar`, which have keys of their own.
struct AccountConfig {
  std::string name;                  // ours: in topics, status and event ids
  std::string venue;                 // "kraken", "binance-spot" ...
  std::vector<std::string> symbols;  // for REST calls that want one; the adapter adds what it sees traded
  KeySource keys;
  KeySource sidecar_keys;
  std::string ws_url;  // empty = the venue's private address
  std::string rest_url;
  std::string ca_file;
  LimitConfig limits;
  TimeoutConfig timeouts;
  std::int64_t poll_down_s = 0;     // sweep this often while the stream is down; 0 = no polling
  std::int64_t poll_healthy_s = 0;  // and while it is well
  std::int64_t safety_lag_s = 0;    // 0 = the venue's

  friend bool operator==(const AccountConfig&, const AccountConfig&) = default;
};

// What lies on local disk: what waits for the broker, and the records themselves where there is no broker or an archive
// is wanted.
struct JournalConfig {
  std::string dir;
  std::int64_t limit_mb = 1024;
  bool archive = false;
  std::int64_t archive_mb = 16'384;
  std::int64_t archive_age_h = 0;  // 0 = no limit
  std::int64_t sync_ms = 1'000;

  friend bool operator==(const JournalConfig&, const JournalConfig&) = default;
};

// Where records go. `properties` may hold secrets: never logged, never in an error text.
struct KafkaConfig {
  std::string brokers;
  std::string prefix = "millrace";
  std::map<std::string, std::string> properties;    // handed to librdkafka; load() adds what secret_files hold
  std::map<std::string, std::string> secret_files;  // property -> the file that holds its value
  std::int64_t memory_limit_mb = 256;
  std::int64_t linger_us = 500;
};

// Everything `millrace ingest` reads from its file. Immutable after load(). Times carry their unit in the name.
struct Config {
  std::string worker;
  std::string group;  // empty = the symbols stand in this file
  std::int64_t threads = 1;
  KafkaConfig kafka;
  std::string metrics_listen = "127.0.0.1:9464";  // plain HTTP: loopback or a private address
  std::string record_dir;                         // empty = no capture
  // How often each book is published whole; how often quiet streams are named alive; how long a stop may take, twice.
  std::int64_t refresh_s = 60;
  std::int64_t heartbeat_ms = 1'000;
  std::int64_t shutdown_ms = 10'000;
  std::string log_level = "info";
  std::vector<VenueConfig> venues;
  std::vector<AccountConfig> accounts;
  JournalConfig journal;
  std::map<std::string, std::string> overload;  // dataset: policy
  std::int64_t sidecar_share_percent = 30;      // of a host's REST budget
  std::string sidecar_listen = "127.0.0.1:9465";
};

// No broker is configured: records go to the journal.
inline bool has_broker(const Config& config) { return !config.kafka.brokers.empty(); }
// May records of the dataset wait on disk while memory is full? By `overload`; where it says nothing, if there is a
// journal.
bool spills(const Config& config, const std::string& dataset);

// The part that the venue's adapter reads.
normalize::VenueOptions venue_options(const VenueConfig& venue);
// The venue's documented limits with those of the configuration put over them.
normalize::VenueLimits effective_limits(const LimitConfig& own, const normalize::VenueLimits& documented);
normalize::VenueOptions venue_options(const AccountConfig& account);
// Do the venue's records say which came first? Then two connections may carry the same streams.
bool numbered(const normalize::Capabilities& venue);
// Each symbol with each dataset, in the file's order. Derived datasets are not in it: bbo_from_book is an option.
std::vector<normalize::Subscription> wanted_streams(const VenueConfig& venue);

}  // namespace millrace::ingest

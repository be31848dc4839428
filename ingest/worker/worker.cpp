#include "ingest/worker/worker.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "ingest/account/account_setup.h"
#include "ingest/config/address.h"
#include "ingest/config/reload.h"
#include "ingest/subscriptions/change.h"
#include "ingest/worker/group_link.h"
#include "ingest/worker/ingest_thread.h"
#include "ingest/worker/lanes.h"
#include "ingest/worker/stop_link.h"
#include "ingest/worker/worker_metrics.h"
#include "publish/http/http_server.h"
#include "publish/kafka/claim.h"
#include "publish/kafka/last_ids.h"
#include "publish/kafka/topic_names.h"
#include "publish/wall_clock.h"

// The order of a start, each step before anything that depends on it: the endpoint (its port), the claim (the epoch),
// the recorders (their files), the end of the previous epoch (RESTART marks), then thread by thread lane, topics and
// feeds. A step that fails ends the start with one line; what was begun is undone by destruction. The end is the other
// way round: threads publish their books, close their connections and wait for the broker, side by side.
namespace millrace::ingest {
namespace {

using normalize::Subscription;
using std::chrono::milliseconds;

constexpr milliseconds kClaimTimeout{30'000};
// The end of the previous epoch: enough to find every stream that is not quiet, for a second or so of reading.
constexpr std::int64_t kLastRecords = 2'000;  // of each partition
constexpr milliseconds kLastIdsTimeout{5'000};
constexpr milliseconds kStopsTimeout{5'000};

// The topics of the streams that are subscribed to or derived, without the prefix.
void add_market_topics(const VenueConfig& venue, std::set<std::string>& topics) {
  for (const std::string& dataset : venue.dataset_names) topics.insert(publish::market_topic(venue.name, dataset));
  if (venue.bbo_from_book) topics.insert(publish::market_topic(venue.name, "bbo-book"));
}

// Every topic that the venue's records are written to.
void add_topics(const VenueConfig& venue, std::set<std::string>& topics) {
  add_market_topics(venue, topics);
  topics.insert(publish::market_topic(venue.name, "instrument"));
  for (const char* what : {"status", "heartbeat", "gap", "quarantine"}) {
    topics.insert(publish::ops_topic(venue.name, what));
  }
}

}  // namespace

class Worker::Impl {
 public:
  Impl(Config config, const std::string& record_dir, std::function<void()> taken_over)
      : config_(std::move(config)), taken_over_(std::move(taken_over)) {
    if (!record_dir.empty()) config_.record_dir = record_dir;
    for (const VenueConfig& venue : config_.venues) {
      venues_.push_back(share(venue));
      venues_.back()->host_stopped = [this](const publish::HostStop& stop) { obey(stop); };
      shards_.emplace_back(static_cast<std::size_t>(config_.threads));
    }
  }

  ~Impl() { stop(); }

  // The endpoint first: a port that is taken is found before a claim is used up, and /readyz answers while the rest
  // starts. The claim before the threads: they write under its epoch from their first record.
  std::vector<std::string> start() {
    try {
      listen();
      take_claim();
      if (!config_.record_dir.empty()) open_recorders();
    } catch (const std::exception& error) {
      return {error.what()};
    }
    spdlog::info("claimed worker={} epoch={}", config_.worker, claim_.epoch);
    claim_.last_ids = find_last_ids();
    follow_stops();
    make_threads();
    if (auto problems = start_accounts(); !problems.empty()) return problems;
    std::vector<std::string> problems;
    for (const auto& thread : threads_) {
      for (std::string& line : thread->start()) problems.push_back(std::move(line));
      if (!problems.empty()) return problems;
      registrations_.push_back(
          metrics_.add([&running = *thread](publish::MetricWriter& out) { add_thread_metrics(running, out); }));
    }
    if (group_) {
      const auto doubt = [this] {
        for (const auto& thread : threads_) thread->doubt();
      };
      group_->follow([this](const GroupAssignment& assignment) { return apply(assignment); }, doubt, taken_over_);
    }
    ready_ = true;
    return {};
  }

  std::string metrics_address() const {
    return fmt::format("{}:{}", parse_host_port(config_.metrics_listen)->host, http_->port());
  }
  std::int64_t epoch() const noexcept { return claim_.epoch; }

  std::vector<std::string> reload(const Config& config) {
    std::vector<std::string> left = take_streams(config_, config);
    if (!group_) {
      std::ranges::transform(config_.venues, wanted_.begin(), wanted_streams);
      change_threads({});
    }
    for (std::string& what : renew_accounts(config_.accounts, config.accounts, accounts_.get())) {
      left.push_back(std::move(what));
    }
    return left;
  }

  // All threads are told before the first is waited for: their shutdowns run side by side.
  std::size_t stop() {
    ready_ = false;
    stops_.reset();
    if (group_) group_->freeze();
    for (const auto& thread : threads_) thread->stop();
    if (accounts_) accounts_->stop();
    std::size_t unacknowledged = 0;
    for (const auto& thread : threads_) unacknowledged += thread->wait();
    if (accounts_) unacknowledged += accounts_->wait();
    registrations_.clear();
    threads_.clear();
    accounts_.reset();
    group_.reset();  // only now may others write what was ours
    return unacknowledged;
  }

 private:
  // A venue object is made only to ask for its limits; the threads make their own.
  static std::shared_ptr<VenueShared> share(const VenueConfig& config) {
    auto shared = std::make_shared<VenueShared>();
    shared->config = config;
    const auto venue = normalize::make_venue(config.name, venue_options(config));
    const auto limits = effective_limits(config.limits, venue->capabilities().limits);
    shared->connect_budget =
        std::make_shared<ConnectBudget>(limits.connects_per_window, std::chrono::seconds(limits.connect_window_s));
    shared->host_gate = std::make_shared<HostGate>(limits.rest_weight_per_minute);
    const auto address = parse_address(venue->rest_url());
    if (address) shared->rest_host = address->authority();
    return shared;
  }

  // What is wanted comes with the right to write it: from the file, or from the group.
  void take_claim() {
    for (const VenueConfig& venue : config_.venues) wanted_.push_back(wanted_streams(venue));
    if (config_.group.empty()) {
      claim_.epoch = has_broker(config_) ? publish::take_epoch(kafka_settings(config_.kafka), claim(), kClaimTimeout)
                                         : take_local_epoch(config_.journal.dir);
      return;
    }
    group_ = std::make_unique<GroupLink>(config_, kafka_settings(config_.kafka), group_stats_);
    const GroupAssignment first = group_->join(kClaimTimeout);
    claim_.epoch = *first.epoch;
    claim_.holds = first.holds;
    want(first);
  }

  void want(const GroupAssignment& assignment) {
    for (std::size_t i = 0; i < config_.venues.size(); ++i) {
      wanted_[i] = assignment.wanted.at(config_.venues[i].name);
    }
  }

  // On the group's thread; it and reload() never both change what is wanted.
  std::vector<std::future<void>> apply(const GroupAssignment& assignment) {
    want(assignment);
    ThreadChange change;
    change.removal = assignment.removal;
    change.renewed = assignment.renewed;
    if (assignment.epoch) {
      change.claim = ThreadClaim{*assignment.epoch, find_last_ids(), assignment.holds};
    }
    return change_threads(change);
  }

  // Each thread's share of what is wanted now.
  std::vector<std::future<void>> change_threads(const ThreadChange& change) {
    std::vector<ThreadChange> changes(threads_.size(), change);
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
      auto parts = shards_[i].split(wanted_[i]);
      for (std::size_t n = 0; n < threads_.size(); ++n) changes[n].wanted.push_back(std::move(parts[n]));
    }
    std::vector<std::future<void>> settled;
    for (std::size_t n = 0; n < threads_.size(); ++n) settled.push_back(threads_[n]->change(std::move(changes[n])));
    return settled;
  }

  // One recording per venue and start, named by the second, so that none is written over.
  void open_recorders() {
    for (const auto& venue : venues_) {
      CaptureWriter::Settings settings;
      settings.file.folder = config_.record_dir;
      settings.file.name = fmt::format("{}-{}", venue->config.name, wall_clock() / 1'000'000'000);
      venue->recorder = std::make_shared<CaptureWriter>(settings);
      registrations_.push_back(metrics_.add([venue](publish::MetricWriter& out) {
        add_recorder_metrics(venue->config.name, venue->recorder->stats(), out);
      }));
    }
  }

  // What cannot be read stays unknown: the RESTART marks then only say that an epoch begins.
  std::shared_ptr<const publish::LastIds> find_last_ids() const {
    std::set<std::string> topics;
    for (const VenueConfig& venue : config_.venues) add_market_topics(venue, topics);
    if (!has_broker(config_)) return std::make_shared<publish::LastIds>();
    try {
      return std::make_shared<publish::LastIds>(publish::read_last_ids(
          kafka_settings(config_.kafka), {topics.begin(), topics.end()}, kLastRecords, kLastIdsTimeout));
    } catch (const std::exception& error) {
      spdlog::warn("last_ids_unknown detail=\"{}\"", error.what());
      return std::make_shared<publish::LastIds>();
    }
  }

  // The handlers run on the endpoint's thread: ready_ is atomic, metrics_ has its lock.
  void listen() {
    const auto address = parse_host_port(config_.metrics_listen);
    publish::HttpHandlers handlers;
    handlers.metrics = [this] { return metrics_.scrape(); };
    handlers.not_ready = [this] { return ready_ ? std::string{} : std::string("starting or stopping"); };
    http_ = std::make_unique<publish::HttpServer>(address->host, address->port, std::move(handlers));
    registrations_.push_back(
        metrics_.add([&http = *http_](publish::MetricWriter& out) { add_process_metrics(http, out); }));
    registrations_.push_back(
        metrics_.add([this](publish::MetricWriter& out) { add_group_metrics(group_stats_, out); }));
  }

  // For people who read the topic; only its offset counts.
  schemas::Claim claim() const {
    schemas::Claim claim;
    claim.worker = config_.worker;
    claim.instance = publish::random_instance();
    claim.time = wall_clock();
    for (const VenueConfig& venue : config_.venues) {
      claim.venues.push_back(venue.name);
      claim.streams += static_cast<std::int32_t>(wanted_streams(venue).size());
    }
    return claim;
  }

  void make_threads() {
    const auto threads = static_cast<std::size_t>(config_.threads);
    std::vector<ThreadSetup> setups(threads);
    std::set<std::string> topics;
    for (std::size_t i = 0; i < venues_.size(); ++i) {
      add_topics(config_.venues[i], topics);
      add_feeds(i, setups);
    }
    for (std::size_t n = 0; n < threads; ++n) {
      ThreadSetup& setup = setups[n];
      setup.number = static_cast<int>(n);
      setup.claim = claim_;
      setup.in_group = group_ != nullptr;
      setup.worker = config_.worker;
      setup.make_lane = [this, number = setup.number] { return make_market_lane(config_, number); };
      setup.yields = !config_.accounts.empty();
      setup.refresh_ns = config_.refresh_s * 1'000'000'000;
      setup.heartbeat_ns = config_.heartbeat_ms * 1'000'000;
      setup.shutdown_ms = config_.shutdown_ms;
      setup.topics.assign(topics.begin(), topics.end());
      threads_.push_back(std::make_unique<IngestThread>(std::move(setup)));
    }
  }

  std::vector<std::string> start_accounts() {
    if (config_.accounts.empty()) return {};
    try {
      AccountThreadSetup setup = account_setup(config_, claim_.epoch);
      setup.make_lane = [this] { return make_account_lane(config_); };
      if (has_broker(config_)) setup.kafka = kafka_settings(config_.kafka);
      setup.host_stopped = [this](const publish::HostStop& stop) { obey(stop); };
      const std::scoped_lock lock(stops_mutex_);
      for (const auto& [host, stop] : host_stops_) setup.stops.push_back(stop);
      accounts_ = std::make_unique<AccountThread>(std::move(setup));
    } catch (const std::exception& error) {
      return {error.what()};
    }
    auto problems = accounts_->start();
    if (!problems.empty()) return problems;
    registrations_.push_back(
        metrics_.add([this](publish::MetricWriter& out) { add_account_metrics(*accounts_, out); }));
    return {};
  }

  void follow_stops() {
    if (!has_broker(config_)) return;
    std::set<std::string> venues;
    for (const VenueConfig& venue : config_.venues) venues.insert(venue.name);
    for (const AccountConfig& account : config_.accounts) venues.insert(account.venue);
    const auto heard = [this](const publish::HostStop& stop) {
      if (stop.worker != config_.worker) {
        spdlog::warn("host_stop_heard host={} by={} wait_ms={}", stop.host, stop.worker,
                     (stop.until - wall_clock()) / 1'000'000);
      }
      obey(stop);
    };
    stops_ =
        std::make_unique<StopLink>(kafka_settings(config_.kafka), std::vector(venues.begin(), venues.end()), heard);
    if (!stops_->wait(kStopsTimeout)) spdlog::warn("host_stops_unknown: hosts may be asked although they want quiet");
  }

  // From any thread: of a feed, of the accounts, or the link's. All of them have ended before what this uses. The
  // longest stop of each host is kept for accounts that do not run yet; hosts are as many as venues.
  void obey(const publish::HostStop& stop) {
    const std::chrono::nanoseconds wait(std::min(stop.until - wall_clock(), publish::kLongestHostStop));
    const auto until = std::chrono::steady_clock::now().time_since_epoch() + wait;
    for (const auto& venue : venues_) {
      if (venue->rest_host == stop.host) venue->host_gate->stop_until(until);
    }
    const std::scoped_lock lock(stops_mutex_);
    publish::HostStop& held = host_stops_[stop.host];
    if (stop.until > held.until) held = stop;
    if (accounts_) accounts_->stop_host(stop);
  }

  // The venue's feed on each thread. The reference data of a symbol is published where its streams are, of all others
  // on the first thread; decided once, so that a stream keeps its writer.
  void add_feeds(std::size_t venue, std::vector<ThreadSetup>& setups) {
    auto parts = shards_[venue].split(wanted_[venue]);
    auto thread_of = std::make_shared<std::map<std::string, std::size_t, std::less<>>>();
    for (std::size_t n = 0; n < parts.size(); ++n) {
      for (const Subscription& one : parts[n]) thread_of->emplace(one.symbol, n);
    }
    for (std::size_t n = 0; n < parts.size(); ++n) {
      const auto publishes = [thread_of, n](std::string_view symbol) {
        const auto found = thread_of->find(symbol);
        return n == (found != thread_of->end() ? found->second : 0);
      };
      setups[n].feeds.push_back({venues_[venue], std::move(parts[n]), publishes});
    }
  }

  Config config_;
  const std::function<void()> taken_over_;
  std::vector<std::shared_ptr<VenueShared>> venues_;  // by place in config_.venues
  std::vector<Shards> shards_;                        // the same
  std::vector<std::vector<Subscription>> wanted_;     // the same
  ThreadClaim claim_;                                 // the first one; constant after start()
  std::atomic<bool> ready_{false};
  publish::Metrics metrics_;
  GroupStats group_stats_;
  std::vector<std::unique_ptr<IngestThread>> threads_;
  std::unique_ptr<AccountThread> accounts_;                    // null = none configured
  std::mutex stops_mutex_;                                     // of the next, and of making accounts_
  std::map<std::string, publish::HostStop> host_stops_;        // by host
  std::unique_ptr<StopLink> stops_;                            // hears into all above
  std::unique_ptr<GroupLink> group_;                           // null = no group; changes all above
  std::vector<publish::Metrics::Registration> registrations_;  // read threads and recorders, so they end before them
  std::unique_ptr<publish::HttpServer> http_;
};

Worker::Worker(Config config, const std::string& record_dir, std::function<void()> taken_over)
    : impl_(std::make_unique<Impl>(std::move(config), record_dir, std::move(taken_over))) {}
Worker::~Worker() = default;
std::vector<std::string> Worker::start() { return impl_->start(); }
std::string Worker::metrics_address() const { return impl_->metrics_address(); }
std::int64_t Worker::epoch() const noexcept { return impl_->epoch(); }
std::vector<std::string> Worker::reload(const Config& config) { return impl_->reload(config); }
std::size_t Worker::stop() { return impl_->stop(); }

}  // namespace millrace::ingest

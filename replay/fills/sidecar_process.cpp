#include "replay/fills/sidecar_process.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>

#include "ingest/account/account_keys.h"
#include "ingest/account/account_setup.h"
#include "ingest/config/address.h"
#include "ingest/worker/lane_router.h"
#include "publish/http/http_server.h"
#include "publish/kafka/topic_names.h"
#include "publish/lane/lane_metrics.h"
#include "publish/metrics.h"
#include "publish/wall_clock.h"
#include "schemas/events/time.h"

namespace millrace::fills {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds kTurn{20};
constexpr milliseconds kTopicTimeout{30'000};
// A sidecar that has written within this is alive: a new one waits (design section 8).
constexpr std::int64_t kSignOfLifeAge = 30 * kSecond;
constexpr std::chrono::seconds kStandbyPause{2};

// Wall time that never goes back: the clock of the start, moved on by the monotonic one.
class SteadyWall {
 public:
  UnixNanos operator()() const {
    return start_ + std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begun_).count();
  }

 private:
  UnixNanos start_ = wall_clock();
  Clock::time_point begun_ = Clock::now();
};

publish::KafkaSettings kafka_settings(const ingest::KafkaConfig& config) {
  publish::KafkaSettings settings;
  settings.brokers = config.brokers;
  settings.prefix = config.prefix;
  settings.properties = config.properties;
  return settings;
}

std::vector<std::string> lane_topics(const std::vector<ingest::AccountConfig>& accounts) {
  std::set<std::string> topics;
  for (const auto& account : accounts) {
    for (std::string& topic : ingest::account_topics(account)) topics.insert(std::move(topic));
    topics.insert(publish::ops_topic(account.venue, "recovery"));
  }
  return {topics.begin(), topics.end()};
}

}  // namespace

class SidecarProcess::Impl {
 public:
  Impl(ingest::Config config, SidecarOptions options)
      : config_(std::move(config)), options_(std::move(options)), timer_(context_) {
    if (options_.hand) keep_only(options_.hand->account);
  }

  ~Impl() {
    registrations_.clear();
    runs_.clear();
    background_.join();
  }

  SidecarEnd run(const std::function<void(const std::string&)>& ready) {
    if (config_.accounts.empty()) throw std::runtime_error("the configuration has no accounts");
    if (!options_.hand) listen();
    open_lane();
    for (const ingest::AccountConfig& account : config_.accounts) {
      if (!open_account(account)) return SidecarEnd::kStopped;
    }
    catch_up();
    if (stopping_) return SidecarEnd::kStopped;
    if (ready) ready(http_ ? fmt::format("{}:{}", host_, http_->port()) : std::string{});
    turn();
    context_.run();
    lane_->close(milliseconds(config_.shutdown_ms));
    return end_;
  }

  void stop() { stopping_ = true; }

  void renew(std::vector<ingest::AccountConfig> accounts) {
    boost::asio::post(context_, [this, accounts = std::move(accounts)] {
      for (const auto& run : runs_) renew_run(*run, accounts);
    });
  }

 private:
  void keep_only(const std::string& wanted) {
    std::erase_if(config_.accounts, [&](const ingest::AccountConfig& account) {
      return wanted != account.name && wanted != account.venue + "/" + account.name;
    });
    if (config_.accounts.empty()) throw std::runtime_error("account " + wanted + " is not in the configuration");
    if (config_.accounts.size() > 1)
      throw std::runtime_error("account " + wanted + ": of which venue? VENUE/" + wanted);
  }

  void listen() {
    const auto address = ingest::parse_host_port(config_.sidecar_listen);
    host_ = address->host;
    publish::HttpHandlers handlers;
    handlers.metrics = [this] { return metrics_.scrape(); };
    handlers.not_ready = [this] { return ready_ ? std::string{} : std::string("starting, standby or stopping"); };
    http_ = std::make_unique<publish::HttpServer>(address->host, address->port, std::move(handlers));
  }

  // No spill: a sweep has a bounded number of fills at the broker, and begins anew after a crash.
  void open_lane() {
    publish::AccountLaneSettings settings;
    settings.kafka = kafka_settings(config_.kafka);
    lane_ = std::make_unique<publish::AccountLane>(std::move(settings));
    lane_->set_listener(&router_);
    const auto topics = lane_topics(config_.accounts);
    const auto problems = lane_->warm(topics, kTopicTimeout);
    if (!problems.empty()) throw std::runtime_error(fmt::format("{}", fmt::join(problems, "\n")));
  }

  // False: stopped while waiting.
  bool open_account(const ingest::AccountConfig& account) {
    const std::string name = account.venue + "/" + account.name;
    const ingest::KeySource& source = key_source(account);
    if (&source == &account.keys)
      spdlog::warn("account {}: no sidecar_keys, the worker's are used: give the sidecar its own", name);
    auto keys = ingest::load_keys(source);
    if (!keys) throw std::runtime_error(fmt::format("account {}: {}", name, keys.error().where));
    auto store = std::make_shared<CursorStore>(kafka_settings(config_.kafka), account.venue, account.name);
    schemas::Cursor cursor;
    if (options_.hand && options_.hand->dry_run) {
      cursor = store->read().value_or(schemas::Cursor{});
    } else {
      if (!wait_for_other(*store, name)) return false;
      cursor = store->take(config_.worker, now_());
    }
    auto& entrance = entrances_.emplace_back(std::make_unique<ingest::LaneRouter::Entrance>(router_, *lane_));
    auto& run = runs_.emplace_back(std::make_unique<AccountRun>(run_settings(account, cursor.instance),
                                                                std::move(*keys), store, cursor, world(*entrance)));
    entrance->serve(run->acks());
    if (options_.on_would_publish) run->print_missing(options_.on_would_publish);
    return true;
  }

  static void renew_run(AccountRun& run, const std::vector<ingest::AccountConfig>& accounts) {
    const auto same = std::ranges::find_if(accounts, [&](const ingest::AccountConfig& one) {
      return one.venue == run.config().venue && one.name == run.config().name;
    });
    if (same == accounts.end()) return spdlog::warn("reload_needs_restart account {} is gone", run.name());
    auto keys = ingest::reload_keys(key_source(*same));
    if (!keys) return spdlog::error("sidecar_keys_unreadable account={} detail=\"{}\"", run.name(), keys.error().where);
    run.renew(std::move(*keys));
  }

  static const ingest::KeySource& key_source(const ingest::AccountConfig& account) {
    return account.sidecar_keys != ingest::KeySource{} ? account.sidecar_keys : account.keys;
  }

  // Standby, unless told to take over.
  bool wait_for_other(const CursorStore& store, const std::string& name) {
    bool told = false;
    while (!stopping_ && !options_.take_over) {
      const auto cursor = store.read();
      if (!cursor || now_() - cursor->time > kSignOfLifeAge) return true;
      if (!std::exchange(told, true)) {
        spdlog::info("sidecar_standby account={} instance={} worker={}: it is alive; --take-over would replace it",
                     name, cursor->instance, cursor->worker);
      }
      std::this_thread::sleep_for(kStandbyPause);
    }
    return !stopping_;
  }

  AccountRun::Settings run_settings(const ingest::AccountConfig& account, std::int64_t instance) const {
    AccountRun::Settings settings;
    settings.config = account;
    settings.share_percent = config_.sidecar_share_percent;
    settings.nonce_file = fmt::format("{}/nonce/{}-{}-sidecar.nonce", config_.journal.dir, account.venue, account.name);
    FillsSettings& fills = settings.fills;
    fills.account = account.name;
    fills.worker = config_.worker;
    fills.instance = instance;
    fills.symbols = account.symbols;
    fills.safety_lag_ns = account.safety_lag_s * kSecond;
    fills.triggers.poll = account.poll_down_s > 0 || account.poll_healthy_s > 0;
    if (account.poll_down_s > 0) fills.triggers.poll_down_ns = account.poll_down_s * kSecond;
    if (account.poll_healthy_s > 0) fills.triggers.poll_healthy_ns = account.poll_healthy_s * kSecond;
    return settings;
  }

  RunWorld world(publish::RecordSink& lane) {
    return {context_,
            lane,
            [this](std::function<void()> work) { boost::asio::post(background_, std::move(work)); },
            [this](std::function<void()> work) { boost::asio::post(context_, std::move(work)); },
            [this] { return tail_->ends(kTopicTimeout); },
            now_};
  }

  // The topics' end: from where the first sweep may look back to.
  void catch_up() {
    UnixNanos from = now_();
    for (const auto& run : runs_) from = std::min(from, run->tail_from());
    std::vector<publish::TopicTail::Start> starts;
    std::set<std::string> venues;
    for (const auto& run : runs_) {
      const std::string& venue = run->config().venue;
      if (!venues.insert(venue).second) continue;
      starts.push_back({publish::account_topic(venue, "execution"), from});
      starts.push_back({publish::ops_topic(venue, "status"), 0});
      starts.push_back({publish::ops_topic(venue, "heartbeat"), now_()});
    }
    tail_ = std::make_unique<publish::TopicTail>(kafka_settings(config_.kafka), starts, kTopicTimeout);
    const auto ends = tail_->ends(kTopicTimeout);
    while (!stopping_ && !tail_->reached(ends)) poll_tail(milliseconds(100));
    for (const auto& run : runs_) run->start(from);
    ready_ = true;
    begin_by_hand();
    for (const auto& run : runs_) {
      registrations_.push_back(
          metrics_.add([this, &one = *run](publish::MetricWriter& out) { add_metrics(one, out); }));
    }
    registrations_.push_back(metrics_.add(
        [this](publish::MetricWriter& out) { publish::add_lane_metrics(lane_->stats(), "sidecar", out); }));
  }

  void begin_by_hand() {
    if (!options_.hand) return;
    Wish wish;
    wish.from = options_.hand->from;
    wish.to = options_.hand->to;
    wish.dry_run = options_.hand->dry_run;
    runs_.front()->by_hand(std::move(wish));
  }

  void poll_tail(milliseconds wait) {
    tail_->poll(wait, [this](const publish::TailRecord& record) {
      for (const auto& run : runs_) {
        if (concerns(record.topic, run->config().venue)) run->on_record(record);
      }
    });
  }

  static bool concerns(std::string_view topic, const std::string& venue) {
    return topic == publish::account_topic(venue, "execution") || topic == publish::ops_topic(venue, "status") ||
           topic == publish::ops_topic(venue, "heartbeat");
  }

  void turn() {
    try {
      poll_tail(milliseconds(0));
      lane_->flush_batch();
      lane_->poll();
      const auto reached = [this](const publish::TopicTail::Ends& ends) { return tail_->reached(ends); };
      for (const auto& run : runs_) run->turn(reached);
      lane_->flush_batch();
    } catch (const std::exception& error) {
      spdlog::error("sidecar_failed detail=\"{}\"", error.what());
      return end(SidecarEnd::kFailed);
    }
    if (std::ranges::any_of(runs_, [](const auto& run) { return run->taken_over(); })) {
      spdlog::error("sidecar_taken_over: another one has the account now");
      return end(SidecarEnd::kTakenOver);
    }
    if (options_.hand && ended_by_hand()) return;
    if (stopping_) return end(SidecarEnd::kStopped);
    timer_.expires_after(kTurn);
    timer_.async_wait([this](boost::system::error_code error) {
      if (!error) turn();
    });
  }

  bool ended_by_hand() {
    AccountRun& run = *runs_.front();
    if (const auto last = run.take_last_end(); last && last->recovery.trigger == name(Trigger::kHand)) {
      if (options_.on_end) options_.on_end(*last);
      by_hand_ok_ = by_hand_ok_ && last->ok;
      by_hand_seen_ = true;
    }
    if (by_hand_seen_ && run.idle()) {
      end(by_hand_ok_ ? SidecarEnd::kStopped : SidecarEnd::kFailed);
      return true;
    }
    if (options_.on_progress && Clock::now() - told_at_ >= std::chrono::seconds(1)) {
      told_at_ = Clock::now();
      options_.on_progress(run.progress());
    }
    return false;
  }

  void end(SidecarEnd how) {
    ready_ = false;
    end_ = how;
    context_.stop();
  }

  void add_metrics(const AccountRun& run, publish::MetricWriter& out) const {
    using publish::Metric;
    const std::string& venue = run.config().venue;
    const std::string& account = run.config().name;
    out.add<Metric::kSweeps>(run.stats().completed, venue, account, "completed");
    out.add<Metric::kSweeps>(run.stats().failed, venue, account, "failed");
    out.add<Metric::kFillsMissing>(run.stats().missing, venue, account);
    out.add<Metric::kFillsMissingLive>(run.stats().missing_while_live, venue, account);
    out.add<Metric::kWatermarkViolated>(run.stats().late, venue, account);
    const auto watermark = run.stats().watermark_s.value();
    if (watermark != 0) {
      out.add<Metric::kWatermarkAge>(static_cast<double>(now_() / kSecond) - static_cast<double>(watermark), venue,
                                     account);
    }
  }

  ingest::Config config_;
  SidecarOptions options_;
  const SteadyWall now_{};
  std::atomic<bool> stopping_{false};
  std::atomic<bool> ready_{false};
  boost::asio::io_context context_{1};
  boost::asio::steady_timer timer_;
  boost::asio::thread_pool background_{1};  // transactions and reading cursors: what blocks
  ingest::LaneRouter router_;
  std::unique_ptr<publish::AccountLane> lane_;
  std::unique_ptr<publish::TopicTail> tail_;
  std::vector<std::unique_ptr<ingest::LaneRouter::Entrance>> entrances_;
  std::vector<std::unique_ptr<AccountRun>> runs_;
  std::string host_;
  publish::Metrics metrics_;
  std::unique_ptr<publish::HttpServer> http_;
  std::vector<publish::Metrics::Registration> registrations_;
  Clock::time_point told_at_{};
  bool by_hand_seen_ = false;
  bool by_hand_ok_ = true;
  SidecarEnd end_ = SidecarEnd::kStopped;
};

SidecarProcess::SidecarProcess(ingest::Config config, SidecarOptions options)
    : impl_(std::make_unique<Impl>(std::move(config), std::move(options))) {}
SidecarProcess::~SidecarProcess() = default;
SidecarEnd SidecarProcess::run(const std::function<void(const std::string&)>& ready) { return impl_->run(ready); }
void SidecarProcess::renew(const ingest::Config& config) { impl_->renew(config.accounts); }
void SidecarProcess::stop() { impl_->stop(); }

}  // namespace millrace::fills

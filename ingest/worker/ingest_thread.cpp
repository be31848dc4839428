#include "ingest/worker/ingest_thread.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <utility>

#include "ingest/worker/lane_router.h"
#include "ingest/worker/leftover.h"
#include "ingest/worker/session_setup.h"
#include "ingest/worker/thread_priority.h"
#include "publish/kafka/topic_names.h"
#include "publish/wall_clock.h"

namespace millrace::ingest {
namespace {

using Clock = std::chrono::steady_clock;
using boost::system::error_code;

constexpr std::chrono::milliseconds kTick{20};
constexpr std::chrono::seconds kWarmTimeout{30};
// A thread that stood still for so long may have been given up by its group; if it was, that is known soon after.
constexpr std::chrono::seconds kStoodStill{4};
constexpr std::chrono::seconds kSoon{3};

}  // namespace

class IngestThread::Impl {
 public:
  explicit Impl(ThreadSetup setup) : setup_(std::move(setup)), tick_timer_(context_), lane_wake_(context_) {}

  ~Impl() {
    stop();
    if (thread_.joinable()) thread_.join();
  }

  std::vector<std::string> start() {
    std::promise<std::vector<std::string>> started;
    auto problems = started.get_future();
    thread_ = std::thread([this, promise = std::move(started)]() mutable { run(std::move(promise)); });
    return problems.get();
  }

  std::future<void> change(ThreadChange change) {
    std::promise<void> settled;
    auto result = settled.get_future();
    boost::asio::post(context_, [this, change = std::move(change), settled = std::move(settled)]() mutable {
      apply(std::move(change));
      unsettled_.push_back(std::move(settled));
    });
    return result;
  }

  void doubt() {
    boost::asio::post(context_, [this] { doubt_until_ = Clock::time_point::max(); });
  }

  void stop() {
    boost::asio::post(context_, [this] { begin_stop(); });
  }

  std::size_t wait() {
    if (thread_.joinable()) thread_.join();
    return unacknowledged_;
  }

  const std::vector<std::unique_ptr<VenueFeed>>& feeds() const noexcept { return feeds_; }
  const std::vector<std::unique_ptr<RestClient>>& rest_clients() const noexcept { return rest_clients_; }
  const publish::Lane& lane() const noexcept { return *lane_; }
  int number() const noexcept { return setup_.number; }

 private:
  // Everything that belongs to the thread is made on it, so that no member needs a lock. The promise is the only thing
  // that crosses at the start; after it the worker's thread may read what metrics need.
  void run(std::promise<std::vector<std::string>> started) {
    if (setup_.yields) yield_to_accounts();
    try {
      lane_ = setup_.make_lane();
      lane_->set_listener(&router_);
      auto problems = lane_->warm(setup_.topics, kWarmTimeout);
      const bool failed = !problems.empty();
      if (!failed) {
        publish_leftover();
        make_feeds();
      }
      started.set_value(std::move(problems));
      if (failed) return;
    } catch (const std::exception& error) {
      return started.set_value({error.what()});
    }
    for (const auto& feed : feeds_) feed->start(wall_clock());
    if (lane_->wake_fd() >= 0) {
      lane_wake_.assign(lane_->wake_fd());
      watch_lane();
    }
    tick();
    context_.run();
    if (lane_wake_.is_open()) lane_wake_.release();
    unacknowledged_ = lane_->close(std::chrono::milliseconds(setup_.shutdown_ms));
    tell_settled();
  }

  void apply(ThreadChange change) {
    if (change.claim) {
      setup_.claim = *std::move(change.claim);
      doubt_until_ = {};
    }
    lane_->received_at(Clock::now());
    for (std::size_t i = 0; i < feeds_.size(); ++i) {
      feeds_[i]->change({std::move(change.wanted[i]), change.removal, setup_.claim.epoch, change.renewed},
                        wall_clock());
    }
    lane_->flush_batch();
  }

  // Asked before each state that is told, as one may come before the first tick after a standstill.
  bool in_doubt() const {
    const auto now = Clock::now();
    return now < doubt_until_ || now - last_tick_ > kStoodStill;
  }

  // What was left out meanwhile is told when the doubt has passed without a word from the group.
  void look_for_standstill() {
    const auto now = Clock::now();
    if (now - last_tick_ > kStoodStill) doubt_until_ = std::max(doubt_until_, now + kSoon);
    last_tick_ = now;
    if (doubt_until_ == Clock::time_point{} || now < doubt_until_) return;
    doubt_until_ = {};
    for (const auto& feed : feeds_) feed->sequencer().tell_again();
  }

  void tell_settled() {
    for (std::promise<void>& waiting : unsettled_) waiting.set_value();
    unsettled_.clear();
  }

  void publish_leftover() {
    const auto last_number = [this](std::string_view topic, std::string_view symbol) {
      return setup_.claim.last_ids->last_number(topic, symbol);
    };
    Leftover leftover(*lane_, last_number, wall_clock());
    lane_->take_leftover([&](const publish::SpilledRecord& record) {
      leftover.take(record);
      lane_->flush_batch();
    });
    leftover.finish();
    if (leftover.published() + leftover.dropped() + leftover.refused() == 0) return;
    spdlog::warn("journal_leftover thread={} published={} dropped={} refused={}", setup_.number, leftover.published(),
                 leftover.dropped(), leftover.refused());
  }

  // The lane outlives the feeds' use of it: entrances and feeds hold references into what stands before them.
  void make_feeds() {
    for (const ThreadSetup::Feed& feed : setup_.feeds) {
      auto& entrance = entrances_.emplace_back(std::make_unique<LaneRouter::Entrance>(router_, *lane_));
      const std::size_t place = feeds_.size();
      feeds_.push_back(std::make_unique<VenueFeed>(settings_of(feed), *entrance, ports_of(*feed.venue, place)));
      entrance->serve(feeds_.back()->sequencer());
      rest_clients_.push_back(make_rest(*feed.venue, feeds_.back()->venue()));
    }
  }

  // The jitter differs by epoch and thread, so that restarted workers do not refresh in step.
  FeedSettings settings_of(const ThreadSetup::Feed& feed) const {
    FeedSettings settings;
    settings.config = &feed.venue->config;
    settings.wanted = feed.wanted;
    settings.refresh_ns = setup_.refresh_ns;
    settings.connect_budget = feed.venue->connect_budget;
    settings.jitter_seed =
        static_cast<std::uint64_t>(setup_.claim.epoch) * 64 + static_cast<std::uint64_t>(setup_.number);
    settings.in_group = setup_.in_group;
    const std::string& venue = feed.venue->config.name;
    settings.sequencer.publishes_reference = [this, venue, here = feed.publishes_reference](std::string_view symbol) {
      return here(symbol) && (!setup_.claim.holds || setup_.claim.holds(venue, symbol));
    };
    settings.sequencer.epoch = setup_.claim.epoch;
    settings.sequencer.previous_venue_seq = [this, venue](std::string_view symbol, normalize::Dataset dataset) {
      return setup_.claim.last_ids->find(publish::market_topic(venue, name(dataset)), symbol);
    };
    settings.sequencer.live = true;
    settings.sequencer.clock = wall_clock;
    settings.sequencer.worker = setup_.worker;
    settings.sequencer.thread = setup_.number;
    settings.sequencer.heartbeat_ns = setup_.heartbeat_ns;
    if (setup_.in_group) settings.sequencer.in_doubt = [this] { return in_doubt(); };
    return settings;
  }

  // The bridge from the pure feed to this thread's lane, clients and clocks; the only place where they meet.
  FeedPorts ports_of(const VenueShared& venue, std::size_t place) {
    FeedPorts ports;
    ports.make_link = session_links(context_);
    ports.rest = [this, place](const normalize::RestRequest& request, RestHandler handler) {
      return rest_clients_[place] != nullptr && rest_clients_[place]->get(request, std::move(handler));
    };
    ports.frame_begins = [this] { lane_->received_at(Clock::now()); };
    ports.drained = [this] { lane_->flush_batch(); };
    ports.host_limited = [this, &venue](std::int64_t wait_ns) { tell_stop(venue, wait_ns); };
    if (venue.recorder) {
      ports.record = [recorder = venue.recorder](CaptureLine line) { recorder->write(std::move(line)); };
    }
    return ports;
  }

  // The host told this thread to be quiet: so is all of the process, and every other one.
  void tell_stop(const VenueShared& venue, std::int64_t wait_ns) {
    const UnixNanos now = wall_clock();
    const publish::HostStop stop{venue.config.name, venue.rest_host, now + wait_ns, setup_.worker};
    publish::put_host_stop(*lane_, stop, setup_.claim.epoch, schemas::Origin::kLive, now);
    venue.host_stopped(stop);
  }

  // Null if the venue has no REST address.
  std::unique_ptr<RestClient> make_rest(const VenueShared& shared, const normalize::Venue& venue) {
    if (venue.rest_url().empty()) return nullptr;
    const auto trouble = [this, &shared](const RestTrouble& what) {
      spdlog::warn("request venue={} reason={} key={} status={} detail=\"{}\" wait_ms={}", shared.config.name,
                   what.reason, what.target, what.status, what.detail, what.wait.count() / 1'000'000);
      if (what.status == 429 || what.status == 418) tell_stop(shared, what.wait.count());
    };
    return std::make_unique<RestClient>(context_, rest_options(shared.config, std::string(venue.rest_url())),
                                        shared.host_gate, trouble);
  }

  // Reports wake this loop like a socket, so acknowledgements are delivered and rings released without a thread for it.
  void watch_lane() {
    lane_wake_.async_wait(boost::asio::posix::stream_descriptor::wait_read, [this](error_code error) {
      if (error) return;
      lane_->poll();
      watch_lane();
    });
  }

  // One timer of 20 ms instead of one per deadline: deadlines here are seconds, and a tick costs less than arming
  // timers. received_at() is now, as no frame stands behind what a tick publishes.
  void tick() {
    const UnixNanos now = wall_clock();
    if (setup_.in_group) look_for_standstill();
    lane_->received_at(Clock::now());
    for (const auto& feed : feeds_) feed->tick(now);
    lane_->flush_batch();
    lane_->poll();
    const auto settled = [](const auto& feed) { return feed->sequencer().settled(); };
    if (!unsettled_.empty() && std::ranges::all_of(feeds_, settled)) tell_settled();
    if (stopping_ && may_end()) return end();
    tick_timer_.expires_after(kTick);
    tick_timer_.async_wait([this](error_code error) {
      if (!error) tick();
    });
  }

  // Books are published whole before the connections close: the end of an epoch is a state that a reader can check.
  void begin_stop() {
    if (std::exchange(stopping_, true)) return;
    stop_deadline_ = Clock::now() + std::chrono::milliseconds(setup_.shutdown_ms);
    lane_->received_at(Clock::now());
    for (const auto& feed : feeds_) feed->stop(wall_clock());
    lane_->flush_batch();
  }

  // A venue that does not answer our close frame must not hold up the process.
  bool may_end() const {
    const bool closed = std::ranges::all_of(feeds_, [](const auto& feed) { return feed->stopped(); });
    return closed || Clock::now() >= stop_deadline_;
  }

  // The lane is closed after the loop, in run(): it then waits for the broker without sockets to serve.
  void end() {
    error_code ignored;
    lane_wake_.cancel(ignored);
    context_.stop();
  }

  ThreadSetup setup_;
  // The order of destruction is the reverse of this: clients and feeds go before the lane they write to, the lane
  // before the context it waits on.
  boost::asio::io_context context_{1};
  boost::asio::steady_timer tick_timer_;
  boost::asio::posix::stream_descriptor lane_wake_;
  LaneRouter router_;
  std::unique_ptr<publish::Lane> lane_;
  std::vector<std::unique_ptr<LaneRouter::Entrance>> entrances_;
  std::vector<std::unique_ptr<VenueFeed>> feeds_;
  std::vector<std::unique_ptr<RestClient>> rest_clients_;  // by feed; their handlers point into the feeds
  std::vector<std::promise<void>> unsettled_;
  Clock::time_point last_tick_ = Clock::now();
  Clock::time_point doubt_until_{};  // no doubt if it is not set
  bool stopping_ = false;
  Clock::time_point stop_deadline_{};
  std::size_t unacknowledged_ = 0;
  std::thread thread_;
};

IngestThread::IngestThread(ThreadSetup setup) : impl_(std::make_unique<Impl>(std::move(setup))) {}
IngestThread::~IngestThread() = default;
std::vector<std::string> IngestThread::start() { return impl_->start(); }
std::future<void> IngestThread::change(ThreadChange change) { return impl_->change(std::move(change)); }
void IngestThread::doubt() { impl_->doubt(); }
void IngestThread::stop() { impl_->stop(); }
std::size_t IngestThread::wait() { return impl_->wait(); }
const std::vector<std::unique_ptr<VenueFeed>>& IngestThread::feeds() const noexcept { return impl_->feeds(); }
const std::vector<std::unique_ptr<RestClient>>& IngestThread::rest_clients() const noexcept {
  return impl_->rest_clients();
}
const publish::Lane& IngestThread::lane() const noexcept { return impl_->lane(); }
int IngestThread::number() const noexcept { return impl_->number(); }

}  // namespace millrace::ingest

#include "ingest/account/account_thread.h"

#include <fmt/format.h>
#include <openssl/rand.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <exception>
#include <future>
#include <stdexcept>
#include <thread>
#include <utility>

#include "ingest/account/private_host.h"
#include "ingest/account/told_accounts.h"
#include "ingest/auth/nonce_source.h"
#include "ingest/worker/lane_router.h"
#include "publish/wall_clock.h"
#include "schemas/codec/decode.h"

namespace millrace::ingest {
namespace {

using Clock = std::chrono::steady_clock;
using boost::system::error_code;
using std::chrono::milliseconds;

constexpr milliseconds kTick{20};
constexpr std::chrono::seconds kWarmTimeout{30};
constexpr std::chrono::seconds kReadTimeout{30};

}  // namespace

class AccountThread::Impl {
 public:
  explicit Impl(AccountThreadSetup setup) : setup_(std::move(setup)), timer_(context_), lane_wake_(context_) {}

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

  void renew(const AccountConfig& account, std::optional<AccountKeys> keys) {
    const auto known = std::ranges::find_if(setup_.accounts, [&](const AccountSetup& one) {
      return one.config.venue == account.venue && one.config.name == account.name;
    });
    if (known == setup_.accounts.end()) return;
    const auto place = static_cast<std::size_t>(known - setup_.accounts.begin());
    boost::asio::post(context_, [this, place, keys = std::move(keys)]() mutable {
      if (!stopping_) renew_feed(place, std::move(keys));
    });
  }

  void stop_host(const publish::HostStop& stop) {
    boost::asio::post(context_, [this, stop] { obey(stop); });
  }

  void stop() {
    boost::asio::post(context_, [this] { begin_stop(); });
  }

  std::size_t wait() {
    if (thread_.joinable()) thread_.join();
    return unacknowledged_;
  }

  const std::vector<std::unique_ptr<AccountFeed>>& feeds() const noexcept { return feeds_; }
  const publish::Lane& lane() const noexcept { return *lane_; }

 private:
  // What the signer of one account is made with.
  struct Signing {
    std::shared_ptr<LazyNonces> nonces;
    std::shared_ptr<std::int64_t> offset_ns = std::make_shared<std::int64_t>(0);  // of the venue's clock
    std::string fingerprint;                                                      // of the keys in use
  };

  void run(std::promise<std::vector<std::string>> started) {
    try {
      lane_ = setup_.make_lane();
      lane_->set_listener(&router_);
      auto problems = lane_->warm(setup_.topics, kWarmTimeout);
      const bool failed = !problems.empty();
      if (!failed) {
        for (AccountSetup& account : setup_.accounts) make_feed(account);
        publish_leftover();
      }
      started.set_value(std::move(problems));
      if (failed) return;
    } catch (const std::exception& error) {
      return started.set_value({error.what()});
    }
    restore_orders();
    for (const publish::HostStop& stop : setup_.stops) obey(stop);
    for (const auto& feed : feeds_) feed->start();
    if (lane_->wake_fd() >= 0) {
      lane_wake_.assign(lane_->wake_fd());
      watch_lane();
    }
    tick();
    context_.run();
    if (lane_wake_.is_open()) lane_wake_.release();
    unacknowledged_ = lane_->close(milliseconds(setup_.shutdown_ms));
  }

  void make_feed(AccountSetup& account) {
    const AccountConfig& config = account.config;
    auto venue = normalize::make_account_venue(config.venue, venue_options(config));
    auto& entrance = entrances_.emplace_back(std::make_unique<LaneRouter::Entrance>(router_, *lane_));
    publish::AccountWriterOptions options;
    options.epoch = setup_.epoch;
    options.clock = wall_clock;
    options.worker = setup_.worker;
    options.heartbeat_ns = setup_.heartbeat_ns;
    options.evidence = venue->capabilities().evidence;
    auto& writer = writers_.emplace_back();
    LaneRouter::Entrance& into = *entrance;
    writer = std::make_unique<publish::AccountWriter>(config.venue, config.name, into, std::move(options));
    into.serve(*writer);
    const std::string name = config.venue + "/" + config.name;
    auto& host = hosts_.emplace_back(std::make_unique<PrivateHost>(context_, config, venue->rest_url()));
    Signing& signing = signing_.emplace_back();
    signing.nonces = nonces(config);
    auto signer = make_signer(signing, venue->capabilities().scheme, std::move(account.keys));
    if (!signer) throw std::runtime_error(fmt::format("account {}: {}", name, signer.error().where));
    AccountFeed::Settings settings;
    settings.session = account_session_settings(config, venue->capabilities());
    settings.rest = host->rest_settings(venue->capabilities(), setup_.rest_share_percent);
    settings.rest.clock_offset_ns = signing.offset_ns;
    settings.symbols = config.symbols;
    told_.add(config.venue, config.name);
    feeds_.push_back(std::make_unique<AccountFeed>(std::move(venue), std::move(*signer), std::move(settings), *writer,
                                                   ports_of(*host, config.venue)));
  }

  // Null: the keys are those that are in use.
  AuthResult<std::unique_ptr<AccountSigner>> make_signer(Signing& signing, normalize::AuthScheme scheme,
                                                         AccountKeys keys) {
    const auto print = fingerprint(keys);
    if (!print) return print.error();
    if (*print == signing.fingerprint) return std::unique_ptr<AccountSigner>{};
    auto made = make_account_signer(scheme, std::move(keys), signing_world(signing.nonces, signing.offset_ns));
    if (made) signing.fingerprint = *print;
    return made;
  }

  // Keys that are the same, as mostly, end no session.
  void renew_feed(std::size_t place, std::optional<AccountKeys> keys) {
    AccountFeed& feed = *feeds_[place];
    std::unique_ptr<AccountSigner> signer;
    if (keys) {
      auto made = make_signer(signing_[place], feed.venue().capabilities().scheme, std::move(*keys));
      if (!made) {
        return spdlog::error("account_keys_unusable venue={} account={} detail=\"{}\"", feed.venue().venue_name(),
                             feed.writer().account(), made.error().where);
      }
      signer = std::move(*made);
    }
    spdlog::info("account_renewed venue={} account={} other_keys={}", feed.venue().venue_name(),
                 feed.writer().account(), signer != nullptr);
    feed.renew(std::move(signer));
  }

  // Only Kraken's scheme asks for nonces; the file of the others is never opened.
  std::shared_ptr<LazyNonces> nonces(const AccountConfig& config) const {
    return std::make_shared<LazyNonces>(
        fmt::format("{}/{}-{}-ingest.nonce", setup_.nonce_folder, config.venue, config.name));
  }

  AccountPorts ports_of(PrivateHost& host, const std::string& venue) {
    AccountPorts ports;
    ports.make_link = session_links(context_);
    ports.send_request = [&host](HttpRequest request, HttpsConnection::Done done) {
      host.send(std::move(request), std::move(done));
    };
    ports.now = wall_clock;
    ports.frame_begins = [this] { lane_->received_at(Clock::now()); };
    ports.drained = [this] { lane_->flush_batch(); };
    ports.lane_full = [this] { return lane_->full(); };
    ports.host_stopped = [this, venue, name = host.authority()](UnixNanos until) {
      tell_stop({venue, name, until, setup_.worker});
    };
    return ports;
  }

  void obey(const publish::HostStop& stop) {
    for (std::size_t i = 0; i < feeds_.size(); ++i) {
      if (hosts_[i]->authority() == stop.host) feeds_[i]->stop_rest_until(stop.until);
    }
  }

  void tell_stop(const publish::HostStop& stop) {
    publish::put_host_stop(*lane_, stop, setup_.epoch, schemas::Origin::kLive, wall_clock());
    if (setup_.host_stopped) setup_.host_stopped(stop);
  }

  // What an earlier process could not deliver: fills and orders go out now, under our numbers; balances are old. As
  // REPLAY it ends no order for a consumer, so the venue is asked about all that it names.
  void publish_leftover() {
    std::size_t published = 0;
    std::size_t dropped = 0;
    lane_->take_leftover([&](const publish::SpilledRecord& record) { ++(republish(record) ? published : dropped); });
    if (published + dropped > 0) {
      spdlog::warn("journal_leftover executions={} not_needed={}", published, dropped);
    }
  }

  bool republish(const publish::SpilledRecord& record) {
    using Report = schemas::Decoded<schemas::Execution>;
    if (static_cast<schemas::MessageType>(record.type) != schemas::MessageType::kExecution) return false;
    const auto decoded = schemas::decode(schemas::MessageType::kExecution, record.bytes);
    const auto* report = decoded ? std::get_if<Report>(&*decoded) : nullptr;
    if (report == nullptr) return false;
    const schemas::Meta& meta = report->meta;
    const auto owner = std::ranges::find_if(feeds_, [&](const auto& feed) {
      return feed->venue().venue_name() == meta.stream->venue && feed->writer().account() == meta.stream->account;
    });
    if (owner == feeds_.end()) return false;
    publish::AccountWriter& writer = *writers_[static_cast<std::size_t>(owner - feeds_.begin())];
    normalize::AccountMeta again{meta.stream->symbol,  meta.stream->instrument,  meta.venue_seq, meta.venue_time,
                                 meta.venue_send_time, schemas::Origin::kReplay, meta.flags};
    writer.begin_frame(meta.receive_time);
    writer.on_execution(again, report->body);
    if (!normalize::is_final(report->body.status)) told_.note(meta, report->body);
    return true;
  }

  // The topic is read before the sessions begin, so that their first answers meet what was told before. Nobody waits
  // for it but these sessions, and what they miss meanwhile is as what happened before the start.
  void restore_orders() {
    if (setup_.kafka) read_told(*setup_.kafka, kReadTimeout, told_);
    for (const auto& feed : feeds_) feed->restore(told_.of(feed->venue().venue_name(), feed->writer().account()));
    told_ = {};
  }

  void watch_lane() {
    lane_wake_.async_wait(boost::asio::posix::stream_descriptor::wait_read, [this](error_code error) {
      if (error) return;
      lane_->poll();
      watch_lane();
    });
  }

  void tick() {
    const UnixNanos now = wall_clock();
    lane_->received_at(Clock::now());
    for (const auto& feed : feeds_) feed->tick(now);
    lane_->flush_batch();
    lane_->poll();
    if (stopping_ && may_end()) return end();
    timer_.expires_after(kTick);
    timer_.async_wait([this](error_code error) {
      if (!error) tick();
    });
  }

  void begin_stop() {
    if (std::exchange(stopping_, true)) return;
    stop_deadline_ = Clock::now() + milliseconds(setup_.shutdown_ms);
    for (const auto& feed : feeds_) feed->stop();
  }

  bool may_end() const {
    return Clock::now() >= stop_deadline_ ||
           std::ranges::all_of(feeds_, [](const auto& feed) { return feed->stopped(); });
  }

  void end() {
    error_code ignored;
    lane_wake_.cancel(ignored);
    context_.stop();
  }

  AccountThreadSetup setup_;
  boost::asio::io_context context_{1};
  boost::asio::steady_timer timer_;
  boost::asio::posix::stream_descriptor lane_wake_;
  LaneRouter router_;
  std::unique_ptr<publish::Lane> lane_;
  std::vector<std::unique_ptr<LaneRouter::Entrance>> entrances_;
  std::vector<std::unique_ptr<publish::AccountWriter>> writers_;  // by feed
  std::vector<std::unique_ptr<PrivateHost>> hosts_;
  std::vector<Signing> signing_;  // by feed
  std::vector<std::unique_ptr<AccountFeed>> feeds_;
  ToldAccounts told_;  // until the sessions begin
  bool stopping_ = false;
  Clock::time_point stop_deadline_{};
  std::size_t unacknowledged_ = 0;
  std::thread thread_;
};

AccountThread::AccountThread(AccountThreadSetup setup) : impl_(std::make_unique<Impl>(std::move(setup))) {}
AccountThread::~AccountThread() = default;
std::vector<std::string> AccountThread::start() { return impl_->start(); }
void AccountThread::renew(const AccountConfig& account, std::optional<AccountKeys> keys) {
  impl_->renew(account, std::move(keys));
}
void AccountThread::stop_host(const publish::HostStop& stop) { impl_->stop_host(stop); }
void AccountThread::stop() { impl_->stop(); }
std::size_t AccountThread::wait() { return impl_->wait(); }
const std::vector<std::unique_ptr<AccountFeed>>& AccountThread::feeds() const noexcept { return impl_->feeds(); }
const publish::Lane& AccountThread::lane() const noexcept { return impl_->lane(); }

}  // namespace millrace::ingest

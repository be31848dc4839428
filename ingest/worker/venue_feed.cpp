#include "ingest/worker/venue_feed.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <utility>

#include "ingest/worker/plan.h"

// Connections and books of one venue on one thread; loading reference data is in venue_feed_reference.cpp.
namespace millrace::ingest {

using normalize::ConnectionPlan;
using normalize::Dataset;
using normalize::InstrumentId;
using normalize::Subscription;
using schemas::StreamState;

namespace {

std::unique_ptr<normalize::Venue> venue_of(const VenueConfig& config) {
  auto venue = normalize::make_venue(config.name, venue_options(config));
  if (venue == nullptr) throw std::runtime_error("unknown venue " + config.name);
  return venue;
}

// A second connection helps only where records say which came first; elsewhere two copies of a stream could not be told
// apart, and the connection is made anew when the venue closes it.
std::int64_t rotation_lifetime(const normalize::Capabilities& capabilities, const normalize::VenueLimits& limits) {
  return numbered(capabilities) ? limits.lifetime_s : 0;
}

}  // namespace

// context_ points to members that stand before it; connections point to context_ and are made last and destroyed first.
VenueFeed::VenueFeed(FeedSettings settings, publish::RecordSink& sink, FeedPorts ports)
    : settings_(std::move(settings)),
      ports_(std::move(ports)),
      venue_(venue_of(*settings_.config)),
      limits_(effective_limits(settings_.config->limits, venue_->capabilities().limits)),
      out_(settings_.config->name, venue_->capabilities(), venue_->instruments(), sink, settings_.sequencer),
      context_{*settings_.config, limits_, *venue_, out_, ports_, counters_, settings_.connect_budget},
      rotation_(rotation_lifetime(venue_->capabilities(), limits_),
                settings_.config->timeouts.first_data_ms * 1'000'000),
      refreshes_(settings_.refresh_ns, settings_.jitter_seed) {}

VenueFeed::~VenueFeed() = default;

// A plan that the venue refuses is told, and everything that runs goes on: a reload must not end what works.
void VenueFeed::connect(const std::vector<Subscription>& wanted) {
  const auto plans = plan_connections(*venue_, wanted, limits_.streams_per_connection);
  if (plans.has_error()) {
    spdlog::error("plan_refused venue={} where=\"{}\"", config().name, plans.error().where);
    return;
  }
  for (const ConnectionPlan& plan : *plans) {
    Line& line = lines_.emplace_back();
    line.first = make_connection(plan);
    line.first->take_streams();
    line.first->start();
  }
}

// Names are for people and metrics ("public-THREAD-ID"): they count from 1 and come back when an id does, so labels
// stay few.
std::unique_ptr<Connection> VenueFeed::make_connection(ConnectionPlan plan) {
  publish::ConnectionId id = 0;
  if (free_ids_.empty()) {
    id = next_id_++;
  } else {
    id = free_ids_.back();
    free_ids_.pop_back();
  }
  const std::string name = fmt::format("public-{}-{}", settings_.sequencer.thread + 1, id + 1);
  return std::make_unique<Connection>(context_, std::move(plan), id, name);
}

// The old one is not destroyed here: its close frame needs its session for a moment longer.
void VenueFeed::retire(std::unique_ptr<Connection> connection) {
  connection->stop();
  retired_.push_back(std::move(connection));
}

// The sequencer's tick is last, so that heartbeats see what this round has published.
void VenueFeed::tick(UnixNanos now) {
  for (Line& line : lines_) {
    line.first->tick(now);
    if (line.second) line.second->tick(now);
    if (!stopping_) rotate(line, now);
  }
  std::erase_if(retired_, [this](const std::unique_ptr<Connection>& connection) {
    if (connection->stopped()) free_ids_.push_back(connection->id());
    return connection->stopped();
  });
  if (!stopping_) refresh_due(now);
  out_.tick(now);
}

// From the moment of taking over, status and heartbeats name the second connection; the books noticed nothing, as both
// fed them and the venue's numbers sorted out what came twice.
void VenueFeed::rotate(Line& line, UnixNanos now) {
  const Rotation::Line first{line.first->open_since(), line.first->has_data()};
  std::optional<Rotation::Line> second;
  if (line.second) second = {line.second->open_since(), line.second->has_data()};
  switch (config().hot_standby ? rotation_.standby(now, first, second) : rotation_.step(now, first, second)) {
    case Rotation::Step::kNone:
      return;
    case Rotation::Step::kOpenSecond:
      return open_second(line);
    case Rotation::Step::kReplaceSecond:
      retire(std::move(line.second));
      return open_second(line);
    case Rotation::Step::kTakeOver:
      break;
  }
  if (config().hot_standby) return take_over(line);
  counters_.rotations.add();
  line.second->take_streams();
  spdlog::info("rotated venue={} from={} to={}", config().name, line.first->name(), line.second->name());
  std::swap(line.first, line.second);
  retire(std::move(line.second));
}

// What the one that ends was to say of its streams is no longer true when it ends: the other one has them.
void VenueFeed::open_second(Line& line) {
  line.second = make_connection(line.first->plan());
  if (config().hot_standby) {
    for (const auto& each : {line.first.get(), line.second.get()}) {
      each->set_standby([this, each] { return hand_on(*each); });
    }
  }
  line.second->start();
}

bool VenueFeed::hand_on(const Connection& down) {
  const auto line = std::ranges::find(lines_, &down, [](const Line& one) { return one.first.get(); });
  if (stopping_ || line == lines_.end() || !line->second || !line->second->has_data()) return false;
  take_over(*line);
  return true;
}

void VenueFeed::take_over(Line& line) {
  counters_.takeovers.add();
  line.first->leave_streams();
  line.second->take_streams();
  std::swap(line.first, line.second);
  spdlog::info("standby_took_over venue={} from={} to={}", config().name, line.second->name(), line.first->name());
}

// Books that lost a record first: their deltas are being dropped meanwhile.
void VenueFeed::refresh_due(UnixNanos now) {
  for (const InstrumentId book : out_.take_refresh_requests()) {
    out_.begin_timer(now);
    refresh(book);
  }
  for (const InstrumentId book : refreshes_.take_due(now)) {
    out_.begin_timer(now);
    refresh(book);
  }
}

void VenueFeed::refresh(InstrumentId book) {
  if (venue_->refresh(book, out_)) counters_.refreshes.add();
}

void VenueFeed::opened(const std::vector<Subscription>& streams, UnixNanos now) {
  for (const Subscription& one : streams) {
    const InstrumentId id = venue_->instruments().intern(one.symbol);
    if (one.dataset == Dataset::kBook) refreshes_.add(id, now);
    if (!settings_.in_group) continue;
    out_.take_over({id, one.dataset}, now);
    if (one.dataset == Dataset::kBook && config().bbo_from_book) out_.take_over({id, Dataset::kBboBook}, now);
  }
}

// Removes first, so that what is freed has room for what is added, and ends under the claim that it had.
void VenueFeed::change(const FeedChange& to, UnixNanos now) {
  const std::vector<Subscription> before = std::exchange(settings_.wanted, to.wanted);
  const bool waiting = references_awaited_ > 0 || stopping_;  // begin() takes them from there
  const SubscriptionChange change =
      waiting ? SubscriptionChange{} : change_between(active_, known_only(to.wanted, now));
  if (!change.empty()) {
    spdlog::info("subscriptions venue={} added={} removed={}", config().name, change.add.size(), change.remove.size());
  }
  remove(change.remove, to.removal, now);
  if (!waiting) release_unknown(before, to, now);
  if (to.epoch > 0) out_.begin_claim(to.epoch);
  if (to.renewed && !waiting) renew(now);
  if (!change.add.empty()) add(change.add, now);
}

// The connections and the books go on; only the numbers begin anew, and what a reader holds.
void VenueFeed::renew(UnixNanos now) {
  for (const Subscription& one : active_) out_.renew({venue_->instruments().intern(one.symbol), one.dataset}, now);
  for (const Subscription& one : active_) {
    const InstrumentId id = venue_->instruments().intern(one.symbol);
    if (one.dataset != Dataset::kBook) continue;
    if (config().bbo_from_book) out_.take_over({id, Dataset::kBboBook}, now);
    out_.begin_timer(now);
    refresh(id);
  }
}

// Those that were wanted and never became active have a state all the same.
void VenueFeed::release_unknown(const std::vector<Subscription>& before, const FeedChange& to, UnixNanos now) {
  if (to.removal == FeedChange::Removal::kLost) return;
  for (const Subscription& one : change_between(before, to.wanted).remove) {
    const InstrumentId id = venue_->instruments().intern(one.symbol);
    const publish::Stream* stream = out_.find({id, one.dataset});
    if (stream != nullptr && stream->state == StreamState::kHalted) out_.release({id, one.dataset}, now);
  }
}

// Connections that run are filled first.
void VenueFeed::add(const std::vector<Subscription>& streams, UnixNanos now) {
  const auto plans = plan_connections(*venue_, streams, limits_.streams_per_connection);
  std::vector<Subscription> rest;
  for (const ConnectionPlan& plan : plans.has_value() ? *plans : std::vector<ConnectionPlan>{}) {
    if (add_to_line(plan, now)) continue;
    rest.insert(rest.end(), plan.subscriptions.begin(), plan.subscriptions.end());
  }
  connect(rest);
  active_.insert(active_.end(), streams.begin(), streams.end());
  opened(streams, now);
}

// True if a connection to the same address has room for all of them. None is changed while it is being replaced: the
// second one would not have the change.
bool VenueFeed::add_to_line(const ConnectionPlan& plan, UnixNanos now) {
  for (Line& line : lines_) {
    const std::size_t carried = line.first->plan().subscriptions.size() + plan.subscriptions.size();
    const bool room =
        limits_.streams_per_connection == 0 || carried <= static_cast<std::size_t>(limits_.streams_per_connection);
    const bool replaced = line.second && !config().hot_standby;
    if (replaced || !room || line.first->plan().url != plan.url) continue;
    line.first->change(plan.subscriptions, {}, now);
    if (line.second) line.second->change(plan.subscriptions, {}, now);
    return true;
  }
  return false;
}

// A line whose last stream is gone is closed: an idle connection would be ended by the venue sooner or later, and be
// taken for a failure.
void VenueFeed::remove(const std::vector<Subscription>& gone, FeedChange::Removal how, UnixNanos now) {
  if (gone.empty()) return;
  for (Line& line : lines_) {
    line.first->change({}, gone, now);
    if (line.second) line.second->change({}, gone, now);
  }
  for (const Subscription& one : gone) release(one, how, now);
  std::erase_if(active_, [&](const Subscription& one) { return std::ranges::find(gone, one) != gone.end(); });
  for (Line& line : lines_) {
    if (!line.first->plan().subscriptions.empty()) continue;
    if (line.second) retire(std::move(line.second));
    retire(std::exchange(line.first, nullptr));
  }
  std::erase_if(lines_, [](const Line& line) { return line.first == nullptr; });
}

// What a worker of a group gives up another one may write at any time, so what the venue still sends must not be
// written here; nor what is derived from it.
void VenueFeed::release(const Subscription& stream, FeedChange::Removal how, UnixNanos now) {
  const InstrumentId id = venue_->instruments().intern(stream.symbol);
  if (stream.dataset == Dataset::kBook) refreshes_.remove(id);
  if (!settings_.in_group) return out_.release({id, stream.dataset}, now);
  out_.hand_over({id, stream.dataset}, how, now);
  if (stream.dataset == Dataset::kBook) out_.hand_over({id, Dataset::kBboBook}, how, now);
}

// Second connections first: they own no streams, and nobody waits for them.
void VenueFeed::stop(UnixNanos now) {
  stopping_ = true;
  // Before anything is closed: a closed book is no longer live and could not be published.
  for (const InstrumentId book : refreshes_.all()) {
    out_.begin_timer(now);
    refresh(book);
  }
  for (Line& line : lines_) {
    if (line.second) line.second->stop();
    line.first->stop();
  }
}

bool VenueFeed::stopped() const {
  const auto closed = [](const std::unique_ptr<Connection>& connection) {
    return !connection || connection->stopped();
  };
  return std::ranges::all_of(lines_, [&](const Line& line) { return closed(line.first) && closed(line.second); }) &&
         std::ranges::all_of(retired_, closed);
}

}  // namespace millrace::ingest

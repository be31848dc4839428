#include "tests/ledger/sidecar_process.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace millrace::ledger {
namespace {

constexpr int kSharePercent = 30;
constexpr std::int64_t kConsumerLag = 200 * kMillisecond;
constexpr std::int64_t kClockGrain = kSecond;  // some venues tell their time in whole seconds

int budget(const normalize::AccountVenue& venue, const Scenario& scenario) {
  return scenario.share_limits ? venue.capabilities().limits.rest_weight_per_minute : 0;
}

std::string_view method_of(const std::string& name) {
  return name == "POST" ? "POST" : name == "PUT" ? "PUT" : name == "DELETE" ? "DELETE" : "GET";
}

}  // namespace

SidecarProcess::SidecarProcess(World& world)
    : world_(world),
      venue_(normalize::make_account_venue(world.scenario.venue, {})),
      signer_(make_signer(*venue_, world.keys,
                          signing_world(world.time, world.nonces, world.random, [this] { return offset_; }))),
      share_(budget(*venue_, world.scenario), kSharePercent) {
  fills::FillsSettings settings = world_.scenario.fills;
  settings.account = kAccount;
  settings.worker = "sidecar";
  settings.symbols = symbols_of(world_.host.face());
  const auto& cursors = world_.broker.cursors;
  settings.instance = cursors.empty() ? 1 : cursors.back().instance + 1;
  const UnixNanos now = world_.time.now();
  core_ = std::make_unique<fills::AccountSidecar>(*venue_, *this, share_, settings, now);
  if (!cursors.empty()) core_->adopt(cursors.back());
  if (auto own = core_->sign_of_life()) world_.broker.cursors.push_back(*std::move(own));
  const UnixNanos from = core_->tail_from(now);
  consume(world_.broker.executions.size());
  core_->start(from, now);
  const auto& statuses = world_.broker.statuses;
  const auto last = std::find_if(statuses.rbegin(), statuses.rend(),
                                 [](const StatusRecord& one) { return one.status.dataset == "execution"; });
  if (last != statuses.rend()) on_status(*last);
  world_.history.note("sidecar {} starts", settings.instance);
  poke();
}

void SidecarProcess::die() {
  world_.history.note("sidecar is killed in phase {}", static_cast<int>(core_->progress().phase));
  core_.reset();
}

void SidecarProcess::by_hand() {
  asked_by_hand_ = world_.host.venue_now() - kClockGrain;
  core_->by_hand({});
  poke();
}

void SidecarProcess::later(std::int64_t wait, std::function<void(fills::AccountSidecar&, UnixNanos)> what) {
  world_.time.after(wait, [this, what = std::move(what)] {
    if (is_dead()) return;
    what(*core_, world_.time.now());
    poke();
  });
}

// After each call of the core: what ended, and when it wants to be called next.
void SidecarProcess::poke() {
  if (is_dead()) return;
  while (const auto end = core_->take_end()) {
    world_.history.note("sweep {} ({}) {}: read {}, missing {}, late {}, watermark {} {}", end->recovery.sweep,
                        end->recovery.trigger, end->ok ? "done" : "failed", end->recovery.fills_read,
                        end->recovery.fills_missing, end->recovery.late_fills, end->recovery.watermark.value_or(0),
                        end->error);
    const bool by_hand = end->ok && end->recovery.trigger == "hand" && end->recovery.to >= asked_by_hand_;
    swept_by_hand_ = swept_by_hand_ || by_hand;
  }
  counters_ = core_->counters();
  const auto wake = core_->wake_at();
  if (!wake || (*wake == woken_for_ && *wake > world_.time.now())) return;
  woken_for_ = *wake;
  later(std::max<std::int64_t>(*wake - world_.time.now(), 0),
        [](fills::AccountSidecar& core, UnixNanos now) { core.on_time(now); });
}

void SidecarProcess::consume(std::size_t until) {
  for (; consumed_ < until; ++consumed_) {
    const ExecutionRecord& record = world_.broker.executions[consumed_];
    core_->on_record(record.symbol, record.venue_time.value_or(record.receive_time), record.execution,
                     world_.time.now());
  }
}

void SidecarProcess::on_record() {
  const std::size_t there = world_.broker.executions.size();
  later(world_.random.below(kConsumerLag),
        [this, there](fills::AccountSidecar&, UnixNanos) { consume(std::max(there, consumed_)); });
}

// A balance that no fill explains is told on the balances' stream, which says nothing else about executions.
void SidecarProcess::on_status(const StatusRecord& record) {
  const bool executions = record.status.dataset == "execution";
  if (!executions && record.status.reason != "balance_mismatch") return;
  later(world_.random.below(kConsumerLag), [this, record, executions](fills::AccountSidecar& core, UnixNanos now) {
    if (executions) {
      stream_ = record.status.state;
      epoch_ = record.epoch;
    }
    core.on_stream(stream_, record.status.reason, epoch_, {}, now);
  });
}

void SidecarProcess::stream_is_gone() {
  if (is_dead()) return;
  stream_ = schemas::StreamState::kDisconnected;
  core_->on_stream(stream_, "no_heartbeat", epoch_, {}, world_.time.now());
  poke();
}

void SidecarProcess::ask(std::int64_t id, const normalize::PrivateRequest& request) {
  auto made = signer_->request(request, rest_host(*venue_));
  if (!made) throw std::logic_error("the sidecar's request cannot be signed: " + made.error().where);
  ingest::HttpRequest out;
  out.method = method_of(made->method);
  out.target = std::move(made->target);
  out.body = std::move(made->body);
  out.headers = std::move(made->headers);
  out.page_header = request.page_header;
  world_.host.rest(std::move(out), [this, id, request](ingest::HttpAnswer answer) {
    if (!is_dead()) this->answer(id, request, answer);
  });
}

void SidecarProcess::answer(std::int64_t id, const normalize::PrivateRequest& request, ingest::HttpAnswer& answer) {
  std::string& body = answer.end.status == 0 ? answer.error : answer.body;
  body.reserve(body.size() + normalize::kFramePadding);
  const UnixNanos now = world_.time.now();
  core_->on_answer(id, {request.key, request.target, body, answer.page, answer.end.status, now}, now);
  poke();
}

// What is refused may be in the topic all the same.
void SidecarProcess::publish(std::int64_t id, const normalize::FoundFill& fill, UnixNanos received) {
  const bool refused = chance(world_.scenario.publish_fails);
  const bool lands = !refused || world_.random.below(2) == 0;
  if (chance(world_.scenario.dies_while_publishing / 10)) world_.dies(world_.random.below(kSecond));
  last_landing_ = std::max(last_landing_, world_.broker.landing(world_.time.now(), world_.random));
  const bool lost_if_dead = world_.random.below(2) == 0;
  ExecutionRecord record{
      fill.symbol,   fill.venue_time, received, schemas::Origin::kReplay, world_.broker.cursors.back().instance,
      fill.execution};
  world_.time.at(last_landing_, [this, id, refused, lands, lost_if_dead, record = std::move(record)] {
    if (lands && !(is_dead() && lost_if_dead)) world_.broker.add_replay(record);
    later(world_.random.below(20 * kMillisecond), [id, refused](fills::AccountSidecar& core, UnixNanos now) {
      core.on_published(id, !refused, refused ? "refused" : "", now);
    });
  });
}

void SidecarProcess::catch_up(std::int64_t id) {
  const std::size_t there = world_.broker.executions.size();
  const bool done = !chance(world_.scenario.publish_fails);
  later(world_.random.below(kConsumerLag), [this, id, there, done](fills::AccountSidecar& core, UnixNanos now) {
    if (done) consume(std::max(there, consumed_));
    core.on_caught_up(id, done, done ? "" : "the broker does not answer", now);
  });
}

// Refused, done, or done and never heard of. A transaction of the dead takes place or does not, as a whole.
void SidecarProcess::commit(std::int64_t id, const schemas::Cursor& cursor, const schemas::Recovery& recovery) {
  const bool fails = chance(world_.scenario.commit_fails);
  const bool lands = !fails || world_.random.below(2) == 0;
  if (chance(world_.scenario.dies_while_publishing)) world_.dies(world_.random.below(100 * kMillisecond));
  const bool lost_if_dead = world_.random.below(2) == 0;
  const UnixNanos lands_at = world_.broker.landing(world_.time.now(), world_.random);
  world_.time.at(lands_at, [this, id, fails, lands, lost_if_dead, cursor, recovery] {
    // A newer instance has fenced this one off.
    const bool fenced = is_dead() && world_.broker.cursors.back().instance > cursor.instance;
    if (lands && !fenced && !(is_dead() && lost_if_dead)) world_.broker.commit(cursor, recovery);
    later(world_.random.below(20 * kMillisecond), [id, fails](fills::AccountSidecar& core, UnixNanos now) {
      core.on_committed(id, !fails, fails ? "timed out" : "", now);
    });
  });
}

void SidecarProcess::read_cursor(std::int64_t id) {
  const bool readable = !chance(0.2);
  later(world_.random.below(kConsumerLag), [this, id, readable](fills::AccountSidecar& core, UnixNanos now) {
    core.on_cursor(id, readable ? &world_.broker.cursors.back() : nullptr, now);
  });
}

void SidecarProcess::renew_token(std::int64_t id) {
  later(kSecond, [id](fills::AccountSidecar& core, UnixNanos now) { core.on_token(id, true, now); });
}

void SidecarProcess::tell(const schemas::Recovery& recovery) {
  world_.history.note("recovery {} told in phase {}", recovery.sweep, static_cast<int>(recovery.phase));
  if (world_.broker.on_recovery) world_.broker.on_recovery(recovery);
}

}  // namespace millrace::ledger

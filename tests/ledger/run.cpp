#include "tests/ledger/run.h"

#include <memory>
#include <utility>

#include "tests/ledger/judge.h"
#include "tests/ledger/sidecar_process.h"
#include "tests/ledger/worker_process.h"

namespace millrace::ledger {
namespace {

namespace accounts = sim::accounts;

constexpr UnixNanos kStart = 1'790'000'000 * kSecond;
constexpr std::int64_t kTick = 500 * kMillisecond;
constexpr std::int64_t kHeartbeatsEnd = 3 * kSecond;
constexpr std::int64_t kQuietAtMost = 7'200 * kSecond;
constexpr int kBurst = 300;

accounts::FaceOptions face_options(const Scenario& scenario) {
  accounts::FaceOptions options;
  options.venue = scenario.venue;
  options.seed = scenario.seed;
  options.start_ns = kStart;
  options.keys = {accounts::make_keys(scenario.venue, 2 * scenario.seed),
                  accounts::make_keys(scenario.venue, 2 * scenario.seed + 1)};
  options.knobs = scenario.knobs;
  return options;
}

class Run {
 public:
  Run(const Scenario& scenario, std::size_t history)
      : scenario_(scenario),
        time_(kStart),
        history_(time_, history),
        random_(accounts::mixed(scenario.seed + 1)),
        options_(face_options(scenario)),
        host_(accounts::make_face(options_), time_, history_, scenario.seed + 2),
        properties_(host_.face().ledger(), broker_),
        judge_(scenario.venue, time_),
        sidecar_world_{
            time_,         history_,         random_,   host_, broker_,
            sidecar_keys_, options_.keys[1], scenario_, false, [this](std::int64_t wait) { kill_sidecar(wait); }} {
    broker_.on_execution = [this](const ExecutionRecord& record) {
      properties_.on_execution(record);
      if (sidecar_ && !sidecar_->is_dead()) sidecar_->on_record();
    };
    broker_.on_worker_bytes = [this](schemas::MessageType type, std::string_view bytes) {
      judge_.on_worker(type, bytes);
    };
    broker_.on_replay = [this](const ExecutionRecord& record) { judge_.on_replay(record); };
    broker_.on_recovery = [this](const schemas::Recovery& recovery) { judge_.on_recovery(recovery); };
    broker_.on_status = [this](const StatusRecord& record) {
      if (sidecar_ && !sidecar_->is_dead()) sidecar_->on_status(record);
    };
    broker_.on_commit = [this](const schemas::Recovery& recovery) {
      if (!scenario_.late_rest) properties_.on_commit(recovery);
    };
  }

  Outcome play();

 private:
  void tick();
  void start_worker();
  void kill_worker();
  void start_sidecar();
  void kill_sidecar(std::int64_t wait);
  void end_sidecar();
  void plan_troubles();
  // Again and again, `mean` apart, while the account is active.
  void every(std::int64_t mean, std::function<void()> what);
  void burst();
  void calm_down();
  bool until(std::int64_t at_most, const std::function<bool()>& done);
  void settle();
  Outcome outcome();

  const Scenario& scenario_;
  Timeline time_;
  History history_;
  Random random_;
  const accounts::FaceOptions options_;
  VenueHost host_;
  Broker broker_;
  Properties properties_;
  Judge judge_;
  Nonces worker_keys_, sidecar_keys_;
  SidecarProcess::World sidecar_world_;
  bool calm_ = false;
  std::int64_t epoch_ = 0;
  std::vector<std::unique_ptr<Producer>> producers_;
  std::vector<std::unique_ptr<SidecarProcess>> dead_sidecars_;
  std::unique_ptr<WorkerProcess> worker_;
  std::unique_ptr<SidecarProcess> sidecar_;
  std::string stuck_;
};

void Run::tick() {
  host_.tick();
  if (worker_) worker_->tick();
  time_.after(kTick, [this] { tick(); });
}

void Run::start_worker() {
  ++epoch_;
  history_.note("worker starts under epoch {}", epoch_);
  producers_.push_back(std::make_unique<Producer>(broker_, time_, random_));
  worker_ =
      std::make_unique<WorkerProcess>(WorkerProcess::World{time_, history_, random_, host_, broker_, *producers_.back(),
                                                           worker_keys_, options_.keys[0], scenario_.venue},
                                      epoch_);
}

void Run::kill_worker() {
  if (!worker_) return;
  history_.note("worker is killed");
  producers_.back()->die();
  worker_.reset();
  const std::int64_t down = 100 * kMillisecond + random_.below(20 * kSecond);
  if (down > kHeartbeatsEnd) {
    time_.after(kHeartbeatsEnd, [this] {
      if (sidecar_) sidecar_->stream_is_gone();
    });
  }
  time_.after(down, [this] { start_worker(); });
}

void Run::start_sidecar() { sidecar_ = std::make_unique<SidecarProcess>(sidecar_world_); }

void Run::kill_sidecar(std::int64_t wait) {
  time_.after(wait, [this, victim = sidecar_.get()] {
    if (!calm_ && sidecar_ && sidecar_.get() == victim) end_sidecar();
  });
}

void Run::end_sidecar() {
  sidecar_->die();
  dead_sidecars_.push_back(std::move(sidecar_));
  time_.after(100 * kMillisecond + random_.below(20 * kSecond), [this] { start_sidecar(); });
}

void Run::every(std::int64_t mean, std::function<void()> what) {
  if (mean == 0) return;
  time_.after(mean / 2 + random_.below(mean), [this, mean, what = std::move(what)] {
    if (calm_) return;
    what();
    every(mean, what);
  });
}

void Run::plan_troubles() {
  every(scenario_.cut_every_ns, [this] {
    host_.face().cut(time_.now());
    host_.deliver();
  });
  every(scenario_.broker_down_every_ns, [this] { broker_.down_until = time_.now() + random_.below(15 * kSecond); });
  every(scenario_.worker_dies_every_ns, [this] { kill_worker(); });
  every(scenario_.sidecar_dies_every_ns, [this] { kill_sidecar(0); });
  for (const std::int64_t at : scenario_.bursts) {
    time_.after(at, [this] { burst(); });
  }
}

void Run::burst() {
  history_.note("a burst of {} fills", kBurst);
  if (scenario_.bursts_unheard) host_.face().cut(time_.now());
  const auto& instruments = host_.face().ledger().rules().instruments;
  const auto which = static_cast<std::size_t>(random_.below(static_cast<std::int64_t>(instruments.size())));
  host_.face().ledger().burst(instruments[which].symbol, kBurst, host_.venue_now());
  host_.tick();
}

// The account rests and nothing fails any more. What stays: REST's lag, page sizes, limits and the clock that is off.
void Run::calm_down() {
  history_.note("calm");
  calm_ = sidecar_world_.calm = true;
  broker_.down_until = 0;
  accounts::Knobs quiet;
  const accounts::Knobs& before = scenario_.knobs;
  quiet.rest_lag_ns = before.rest_lag_ns;
  quiet.rest_lag_spread_ns = before.rest_lag_spread_ns;
  quiet.page_size = before.page_size;
  quiet.clock_skew_ns = before.clock_skew_ns;
  quiet.limits = before.limits;
  host_.face().tick(time_.now());
  host_.face().knobs() = quiet;
}

bool Run::until(std::int64_t at_most, const std::function<bool()>& done) {
  const UnixNanos end = time_.now() + at_most;
  while (!done()) {
    if (!time_.step(end)) return false;
  }
  return true;
}

void Run::settle() {
  calm_down();
  until(60 * kSecond, [] { return false; });
  host_.face().cut(time_.now());
  host_.deliver();
  until(kSecond, [] { return false; });
  // Down for good is the worker only until its configuration is changed, and so it is started anew. One whose key was
  // refused while its stream stood goes down with the stream.
  if (worker_ && worker_->is_halted()) kill_worker();
  const auto live = [this] { return worker_ && worker_->is_live(); };
  if (!until(600 * kSecond, live)) stuck_ = "the worker's streams do not become live again";
  until(scenario_.knobs.rest_lag_ns + scenario_.knobs.rest_lag_spread_ns + 60 * kSecond, [] { return false; });
  until(60 * kSecond, [this] { return sidecar_ != nullptr; });
  sidecar_->by_hand();
  if (!until(kQuietAtMost, [this] { return sidecar_->swept_by_hand(); })) stuck_ = "the last sweep does not end";
  until(20 * kSecond, [] { return false; });
}

Outcome Run::play() {
  tick();
  start_worker();
  time_.after(random_.below(10 * kSecond), [this] { start_sidecar(); });
  plan_troubles();
  until(scenario_.active_ns, [] { return false; });
  settle();
  if (stuck_.empty()) {
    properties_.check_fills();
    properties_.check_states();
  }
  return outcome();
}

Outcome Run::outcome() {
  Outcome all;
  all.violations = properties_.violations();
  if (!stuck_.empty()) all.violations.push_back({Property::kFills, stuck_});
  const accounts::Ledger& ledger = host_.face().ledger();
  if (const std::string wrong = ledger.audit(); !wrong.empty()) {
    all.violations.push_back({Property::kFills, "the ledger itself: " + wrong});
  }
  if (const std::string wrong = judge_.verdict(); !wrong.empty()) {
    all.violations.push_back({Property::kVerify, wrong});
  }
  all.history = history_.lines();
  all.fills = static_cast<std::int64_t>(ledger.fills().size());
  all.orders = static_cast<std::int64_t>(ledger.orders().size());
  all.records = static_cast<std::int64_t>(broker_.executions.size());
  all.commits = static_cast<std::int64_t>(broker_.recoveries.size());
  all.worker_lives = epoch_;
  if (sidecar_) dead_sidecars_.push_back(std::move(sidecar_));
  all.sidecar_lives = static_cast<std::int64_t>(dead_sidecars_.size());
  for (const auto& life : dead_sidecars_) {
    all.sweeps += life->counters().sweeps_completed;
    all.failed_sweeps += life->counters().sweeps_failed;
    all.replayed += life->counters().fills_missing;
    all.late += life->counters().late_fills;
  }
  const accounts::FaceCounts& face = host_.face().counts();
  all.dropped = face.dropped;
  all.lost = face.lost;
  all.duplicated = face.duplicated;
  all.reordered = face.reordered;
  all.cuts = face.cuts;
  all.rest_faults = face.rest_faults;
  return all;
}

}  // namespace

void Outcome::add(const Outcome& other) {
  for (const auto member : {&Outcome::fills, &Outcome::orders, &Outcome::records, &Outcome::sweeps,
                            &Outcome::failed_sweeps, &Outcome::replayed, &Outcome::late, &Outcome::commits,
                            &Outcome::worker_lives, &Outcome::sidecar_lives, &Outcome::dropped, &Outcome::lost,
                            &Outcome::duplicated, &Outcome::reordered, &Outcome::cuts, &Outcome::rest_faults}) {
    this->*member += other.*member;
  }
}

Outcome run(const Scenario& scenario, std::size_t history) { return Run(scenario, history).play(); }

}  // namespace millrace::ledger

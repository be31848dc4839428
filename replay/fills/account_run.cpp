#include "replay/fills/account_run.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <variant>

#include "publish/kafka/topic_names.h"
#include "publish/sequence/host_stop.h"
#include "schemas/codec/decode.h"
#include "schemas/codec/encode.h"
#include "schemas/events/time.h"

namespace millrace::fills {
namespace {

using schemas::MessageType;
using schemas::StreamState;

constexpr std::int64_t kSignOfLife = 10 * kSecond;
// Neither record nor heartbeat for so long: no feed (design section 4).
constexpr std::int64_t kNoFeed = 3 * kSecond;

publish::AccountWriterOptions writer_options(const FillsSettings& settings, std::function<UnixNanos()> now) {
  publish::AccountWriterOptions options;
  options.epoch = settings.instance;
  options.clock = std::move(now);
  options.worker = settings.worker;
  return options;
}

}  // namespace

AccountRun::AccountRun(Settings settings, ingest::AccountKeys keys, std::shared_ptr<CursorStore> store,
                       const schemas::Cursor& cursor, RunWorld world)
    : settings_(std::move(settings)),
      name_(settings_.config.venue + "/" + settings_.config.name),
      told_as_(settings_.fills.worker + "/sidecar"),
      world_(std::move(world)),
      venue_(normalize::make_account_venue(settings_.config.venue, venue_options(settings_.config))),
      store_(std::move(store)),
      host_(world_.context, settings_.config, venue_->rest_url()),
      identity_(schemas::make_stream_identity(settings_.config.venue, "", "", settings_.config.name)),
      writer_(settings_.config.venue, settings_.config.name, world_.lane, writer_options(settings_.fills, world_.now)),
      share_(
          effective_limits(settings_.config.limits, venue_->capabilities().limits).rest_weight_per_minute,
          static_cast<int>(ingest::share_of_budget(settings_.config, venue_->capabilities(), settings_.share_percent))),
      nonces_(std::make_shared<ingest::LazyNonces>(settings_.nonce_file)),
      told_(world_.lane.open({&identity_, "recovery", MessageType::kRecovery})) {
  auto signer = make_signer(std::move(keys));
  if (!signer) throw std::runtime_error(fmt::format("account {}: {}", name_, signer.error().where));
  signer_ = std::move(*signer);
  core_ = std::make_unique<AccountSidecar>(*venue_, static_cast<SidecarPorts&>(*this), share_, settings_.fills,
                                           world_.now());
  core_->adopt(cursor);
}

AccountRun::~AccountRun() = default;

ingest::AuthResult<std::unique_ptr<ingest::AccountSigner>> AccountRun::make_signer(ingest::AccountKeys keys) {
  return make_account_signer(venue_->capabilities().scheme, std::move(keys),
                             ingest::signing_world(nonces_, clock_offset_));
}

void AccountRun::renew(std::optional<ingest::AccountKeys> keys) {
  if (keys) {
    auto signer = make_signer(std::move(*keys));
    if (!signer) {
      return spdlog::error("sidecar_keys_unusable account={} detail=\"{}\"", name_, signer.error().where);
    }
    signer_ = std::move(*signer);
  }
  spdlog::info("sidecar_renewed account={}", name_);
  core_->reset_circuit();
}

void AccountRun::start(UnixNanos known_from) {
  core_->start(known_from, world_.now());
  spdlog::info("sidecar_started account={} instance={}", name_, settings_.fills.instance);
}

template <class Result>
void AccountRun::background(std::function<Result()> work, std::function<void(Result)> then) {
  world_.in_background(
      [work = std::move(work), then = std::move(then), in_loop = world_.in_loop, alive = std::weak_ptr<int>(alive_)] {
        auto result = std::make_shared<Result>(work());
        in_loop([result, then, alive] {
          if (!alive.expired()) then(std::move(*result));
        });
      });
}

void AccountRun::ask(std::int64_t id, const normalize::PrivateRequest& request) {
  auto made = signer_->request(request, host_.signed_host());
  if (!made) {
    ingest::HttpAnswer none;
    none.error = made.error().where;
    return world_.in_loop([this, id, request, none, alive = std::weak_ptr<int>(alive_)] {
      if (!alive.expired()) on_answer(id, request, none);
    });
  }
  host_.send(ingest::http_request(std::move(*made), request, host_.path()),
             [this, id, request, alive = std::weak_ptr<int>(alive_)](ingest::HttpAnswer answer) {
               if (!alive.expired()) on_answer(id, request, std::move(answer));
             });
}

void AccountRun::on_answer(std::int64_t id, const normalize::PrivateRequest& request, ingest::HttpAnswer answer) {
  const UnixNanos now = world_.now();
  if (answer.used_weight) share_.host_used(now, *answer.used_weight);
  answered_with_ = answer.end.status;
  retry_after_ns_ = answer.end.retry_after ? answer.end.retry_after->count() * kSecond : 0;
  std::string body = answer.end.status == 0 ? std::move(answer.error) : std::move(answer.body);
  body.reserve(body.size() + normalize::kFramePadding);
  core_->on_answer(id, {request.key, request.target, body, answer.page, answer.end.status, now}, now);
}

// The record's number tells its acknowledgement apart.
void AccountRun::publish(std::int64_t id, const normalize::FoundFill& fill, UnixNanos received) {
  normalize::AccountMeta meta;
  meta.symbol = fill.symbol;
  meta.instrument = fill.instrument;
  if (fill.venue_time != 0) meta.venue_time = fill.venue_time;
  meta.origin = schemas::Origin::kReplay;
  writer_.begin_frame(received);
  writer_.on_execution(meta, fill.execution);
  published_.emplace(writer_.seq(normalize::Dataset::kExecution), id);
}

void AccountRun::on_ack(publish::StreamSlot slot, std::int32_t partition, std::int64_t offset, std::int64_t seq) {
  if (slot == told_) {
    --unacked_tells_;
    return;
  }
  writer_.on_ack(slot, partition, offset, seq);
  const auto found = published_.find(seq);
  if (found == published_.end()) return;
  acked_.push_back(found->second);
  published_.erase(found);
}

void AccountRun::catch_up(std::int64_t id) {
  try {
    catching_up_.emplace_back(id, world_.ends());
  } catch (const std::exception& error) {
    world_.in_loop([this, id, why = std::string(error.what()), alive = std::weak_ptr<int>(alive_)] {
      if (!alive.expired()) core_->on_caught_up(id, false, why, world_.now());
    });
  }
}

// The transaction is another producer's: a start that is still to be sent again would follow its end.
void AccountRun::commit(std::int64_t id, const schemas::Cursor& cursor, const schemas::Recovery& recovery) {
  held_commit_ = [this, id, cursor, recovery] { write_commit(id, cursor, recovery); };
  commit_when_told();
}

void AccountRun::commit_when_told() {
  if (!held_commit_ || unacked_tells_ > 0) return;
  std::exchange(held_commit_, nullptr)();
}

void AccountRun::write_commit(std::int64_t id, const schemas::Cursor& cursor, const schemas::Recovery& recovery) {
  using Written = std::pair<CursorStore::Outcome, std::string>;
  schemas::Cursor stamped = cursor;
  stamped.time = world_.now();
  last_sign_ = stamped.time;
  background<Written>(
      [store = store_, stamped, recovery] {
        Written written;
        written.first = store->write(stamped, recovery, written.second);
        return written;
      },
      [this, id](Written written) {
        if (written.first == CursorStore::Outcome::kTakenOver) taken_over_ = true;
        core_->on_committed(id, written.first == CursorStore::Outcome::kDone, written.second, world_.now());
      });
}

void AccountRun::read_cursor(std::int64_t id) {
  using Read = std::pair<bool, std::optional<schemas::Cursor>>;
  background<Read>(
      [store = store_]() -> Read {
        try {
          return {true, store->read()};
        } catch (const std::exception& error) {
          spdlog::warn("cursor_unreadable detail=\"{}\"", error.what());
          return {false, std::nullopt};
        }
      },
      [this, id](Read read) {
        // A topic without our record cannot be: take() wrote one.
        if (read.second && read.second->instance > settings_.fills.instance) taken_over_ = true;
        core_->on_cursor(id, read.first && read.second ? &*read.second : nullptr, world_.now());
      });
}

// The sidecar's calls hold no token: the worker keeps the stream's.
void AccountRun::renew_token(std::int64_t id) {
  world_.in_loop([this, id, alive = std::weak_ptr<int>(alive_)] {
    if (!alive.expired()) core_->on_token(id, false, world_.now());
  });
}

void AccountRun::tell(const schemas::Recovery& recovery) {
  const std::string bytes = encode_recovery(identity_, recovery, world_.now());
  std::memcpy(world_.lane.reserve(told_, bytes.size()).data(), bytes.data(), bytes.size());
  world_.lane.commit(told_, bytes.size(), recovery.sweep);
  ++unacked_tells_;
}

void AccountRun::host_stopped(UnixNanos until) {
  until = std::max(until, world_.now() + retry_after_ns_);
  share_.stop_until(until);
  spdlog::warn("host_limited account={} wait_ms={}", name_, (until - world_.now()) / 1'000'000);
  write_status("host_limited", fmt::format("no REST before {}", until));
  // A limit that the venue counts by key is nobody else's.
  const bool of_host = answered_with_ == 429 || answered_with_ == 418 || !venue_->capabilities().rest_limit_per_key;
  if (!of_host) return;
  const publish::HostStop stop{settings_.config.venue, host_.authority(), until, told_as_};
  publish::put_host_stop(world_.lane, stop, settings_.fills.instance, schemas::Origin::kReplay, world_.now());
}

void AccountRun::would_publish(const normalize::FoundFill& fill) {
  if (would_publish_) would_publish_(fill);
}

// Of another process, of another account here, or our own word once more.
void AccountRun::obey(const publish::HostStop& stop) {
  if (stop.host != host_.authority()) return;
  if (stop.worker != told_as_) {
    spdlog::warn("host_stop_heard host={} by={} wait_ms={}", stop.host, stop.worker,
                 (stop.until - world_.now()) / 1'000'000);
  }
  share_.stop_until(stop.until);
}

// Under a key of its own: the stream's state is the worker's to tell.
void AccountRun::write_status(std::string_view reason, std::string_view detail) {
  schemas::Meta meta;
  meta.stream = &identity_;
  meta.epoch = settings_.fills.instance;
  meta.receive_time = world_.now();
  meta.origin = schemas::Origin::kReplay;
  schemas::StreamStatus status;
  status.dataset = "execution";
  status.channel = "sidecar";
  status.state = live_ ? StreamState::kLive : StreamState::kDisconnected;
  status.reason = reason;
  status.detail = detail;
  status.connection = "sidecar/" + settings_.config.name;
  status.worker = settings_.fills.worker;
  std::string bytes;
  encode(meta, status, bytes);
  world_.lane.put(publish::ops_topic(settings_.config.venue, "status"),
                  "execution/" + settings_.config.name + "/sidecar", bytes, MessageType::kStreamStatus);
}

void AccountRun::on_record(const publish::TailRecord& record) {
  using schemas::Decoded;
  const bool execution = record.topic == publish::account_topic(settings_.config.venue, "execution");
  const bool status = record.topic == publish::ops_topic(settings_.config.venue, "status");
  if (!execution && !status) {
    const auto beat = schemas::decode(MessageType::kHeartbeat, record.value);
    if (beat) on_heartbeat(std::get<schemas::Heartbeat>(*beat));
    return;
  }
  const auto decoded = schemas::decode(execution ? MessageType::kExecution : MessageType::kStreamStatus, record.value);
  if (!decoded) return spdlog::warn("record_unreadable topic={} offset={}", record.topic, record.offset);
  if (execution) {
    const auto& report = std::get<Decoded<schemas::Execution>>(*decoded);
    if (report.meta.stream->account != settings_.config.name) return;
    if (report.meta.origin == schemas::Origin::kLive) last_alive_ = world_.now();
    core_->on_record(report.meta.stream->symbol, report.meta.venue_time.value_or(report.meta.receive_time), report.body,
                     world_.now());
  } else {
    const auto& report = std::get<Decoded<schemas::StreamStatus>>(*decoded);
    if (const auto stop = publish::read_host_stop(report.meta, report.body, world_.now())) obey(*stop);
    if (report.meta.stream->account == settings_.config.name) on_status(report.body, report.meta);
  }
}

void AccountRun::on_status(const schemas::StreamStatus& status, const schemas::Meta& meta) {
  if (status.channel == "sidecar") return;
  if (status.dataset != "execution") {
    if (status.reason != "balance_mismatch") return;
    return core_->on_stream(live_ ? StreamState::kLive : StreamState::kDisconnected, status.reason, stream_epoch_, {},
                            world_.now());
  }
  last_alive_ = world_.now();
  live_ = status.state == StreamState::kLive;
  stream_epoch_ = meta.epoch;
  core_->on_stream(status.state, status.reason, meta.epoch, {}, world_.now());
}

void AccountRun::on_heartbeat(const schemas::Heartbeat& heartbeat) {
  if (heartbeat.dataset != "execution") return;
  for (const schemas::StreamBeat& beat : heartbeat.streams) {
    if (beat.instrument != settings_.config.name) continue;
    last_alive_ = world_.now();
    if (live_ || beat.state != StreamState::kLive) continue;
    live_ = true;
    core_->on_stream(beat.state, "heartbeat", beat.epoch, {}, world_.now());
  }
}

void AccountRun::turn(const std::function<bool(const publish::TopicTail::Ends&)>& reached) {
  const UnixNanos now = world_.now();
  if (live_ && now - last_alive_ > kNoFeed) {
    live_ = false;
    core_->on_stream(StreamState::kDisconnected, "no_heartbeat", stream_epoch_, {}, now);
  }
  commit_when_told();
  for (const std::int64_t id : std::exchange(acked_, {})) core_->on_published(id, true, {}, now);
  while (!catching_up_.empty() && reached(catching_up_.front().second)) {
    const std::int64_t id = catching_up_.front().first;
    catching_up_.pop_front();
    core_->on_caught_up(id, true, {}, now);
  }
  if (const auto wake = core_->wake_at(); wake && now >= *wake) core_->on_time(now);
  if (const auto end = core_->take_end()) tell_end(*end);
  if (now - last_sign_ >= kSignOfLife) sign_life();
}

// So that another sidecar waits instead of taking over.
void AccountRun::sign_life() {
  auto cursor = core_->sign_of_life();
  if (!cursor || signing_) return;
  using Written = std::pair<CursorStore::Outcome, std::string>;
  signing_ = true;
  last_sign_ = world_.now();
  cursor->time = last_sign_;
  background<Written>(
      [store = store_, cursor = *cursor] {
        Written written;
        written.first = store->write(cursor, std::nullopt, written.second);
        return written;
      },
      [this](Written written) {
        signing_ = false;
        if (written.first == CursorStore::Outcome::kTakenOver) taken_over_ = true;
        if (written.first != CursorStore::Outcome::kDone) {
          spdlog::warn("sign_of_life_failed account={} detail=\"{}\"", name_, written.second);
        }
      });
}

void AccountRun::tell_end(const SweepEnd& end) {
  const schemas::Recovery& found = end.recovery;
  end.ok ? stats_.completed.add() : stats_.failed.add();
  stats_.missing.add(static_cast<std::uint64_t>(end.missing));
  stats_.missing_while_live.add(static_cast<std::uint64_t>(end.missing_while_live));
  stats_.late.add(static_cast<std::uint64_t>(end.late));
  if (end.ok && found.watermark) stats_.watermark_s.set(static_cast<std::uint64_t>(*found.watermark / kSecond));
  spdlog::log(end.ok ? spdlog::level::info : spdlog::level::warn,
              "sweep account={} trigger={} ok={} read={} missing={} richer={} late={} requests={} watermark={} "
              "error=\"{}\"",
              name_, found.trigger, end.ok, found.fills_read, found.fills_missing, found.fills_richer, found.late_fills,
              found.requests, found.watermark.value_or(0), end.error);
  if (end.missing_while_live > 0) {
    write_status("fills_missing", fmt::format("{} fills that the live stream did not tell", end.missing_while_live));
  }
  if (end.late > 0) {
    write_status("watermark_violated", fmt::format("{} fills below an earlier watermark", end.late));
  }
  const bool told = std::exchange(circuit_told_, core_->circuit_open());
  if (circuit_told_ && !told) {
    spdlog::error("sidecar_key_refused account={} next=\"after SIGHUP\" detail=\"{}\"", name_, end.error);
    write_status("auth_refused", end.error);
  }
  last_end_ = end;
}

}  // namespace millrace::fills

#include "clients/cpp/src/account_state.h"

#include <utility>

#include "clients/cpp/src/convert.h"

namespace millrace::client {
namespace {

constexpr const char* kExecution = "execution";
constexpr const char* kBalance = "balance";
constexpr std::string_view kLive = "LIVE";
constexpr const char* kSidecar = "sidecar";  // the channel of what the sidecar says about the stream

// The symbols of a sweep as one key. A symbol has no line break.
std::string scope_key(const std::vector<std::string>& symbols) {
  std::string key;
  for (const std::string& symbol : symbols) key += symbol + '\n';
  return key;
}

}  // namespace

bool AccountState::take(const schemas::Decoded<schemas::StreamStatus>& status, RecordPtr record) {
  const schemas::StreamStatus& body = status.body;
  if ((body.dataset != kExecution && body.dataset != kBalance) || body.channel == kSidecar) return false;
  Stream& stream = streams_[body.dataset];
  if (status.meta.epoch < stream.epoch) return false;
  const bool was_halted = stream.state == schemas::StreamState::kHalted;
  stream.state = body.state;
  stream.epoch = status.meta.epoch;
  stream.record = std::move(record);
  stream.worker = body.worker;
  stream.connection = {status.meta.stream->venue,
                       status.meta.stream->account,
                       std::string(schemas::name(body.state)),
                       body.reason,
                       body.detail,
                       status.meta.receive_time};
  return stream.state == schemas::StreamState::kHalted && !was_halted;
}

void AccountState::take(const schemas::Decoded<schemas::Recovery>& recovery, RecordPtr record) {
  Sweep& sweep = sweeps_[scope_key(recovery.body.symbols)];
  auto event = std::make_shared<Event>(Event{std::move(record), Call::kRecovered, to_recovered(recovery)});
  if (sweep.until) {
    sweep.next = std::move(event);
  } else {
    sweep.event = std::move(event);
  }
}

void AccountState::sign_of_life(std::int64_t epoch, UnixNanos time, std::int64_t now) {
  if (epoch < epoch_) return;
  epoch_ = epoch;
  last_sign_ = now;
  last_sign_time_ = time;
}

// A status may be the last word of a worker that died: it is believed once the worker is heard.
EventPtr AccountState::connection_news(std::int64_t now) {
  const Stream* stream = deciding();
  if (stream == nullptr) return nullptr;
  if (!wait_since_) wait_since_ = now;
  if (stream->state == schemas::StreamState::kLive && !last_sign_ && !is_silent(now)) return nullptr;
  const Connection present = *connection(now);
  const bool connected = present.state == kLive;
  if (told_connected_ == connected) return nullptr;
  told_connected_ = connected;
  return std::make_shared<Event>(Event{stream->record, connected ? Call::kConnected : Call::kDisconnected, present});
}

// Ends that were asked for before belong to what was handed over then.
void AccountState::forget_told() {
  told_connected_.reset();
  for (auto& [scope, sweep] : sweeps_) {
    if (sweep.next) sweep.event = std::move(sweep.next);
    sweep.until.reset();
    sweep.next.reset();
  }
}

bool AccountState::is_silent(std::int64_t now) const {
  const auto since = last_sign_ ? last_sign_ : wait_since_;
  return since && now - *since >= silence_;
}

std::optional<Connection> AccountState::connection(std::int64_t now) const {
  const Stream* stream = deciding();
  if (stream == nullptr) return std::nullopt;
  Connection present = stream->connection;
  if (stream->state == schemas::StreamState::kLive && is_silent(now)) {
    present.state = "SILENT";
    present.reason = "no_heartbeat";
    present.detail = "neither record nor heartbeat of worker " + stream->worker;
    if (last_sign_) present.time = last_sign_time_;
  }
  return present;
}

const AccountState::Stream* AccountState::deciding() const {
  const auto execution = streams_.find(kExecution);
  if (execution == streams_.end()) return nullptr;
  const auto balance = streams_.find(kBalance);
  const bool balance_decides = execution->second.state == schemas::StreamState::kLive && balance != streams_.end() &&
                               balance->second.state != schemas::StreamState::kLive;
  return balance_decides ? &balance->second : &execution->second;
}

}  // namespace millrace::client

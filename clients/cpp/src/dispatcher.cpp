#include "clients/cpp/src/dispatcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "clients/cpp/src/convert.h"
#include "clients/cpp/src/route.h"

namespace millrace::client {
namespace {

constexpr std::int64_t kAskAgain = 1'000 * kMillisecond;

template <class Body>
std::optional<schemas::Decoded<Body>> decode_as(schemas::MessageType type, const Record& record) {
  auto decoded = schemas::decode(type, record.value);
  if (!decoded) return std::nullopt;
  return std::get<schemas::Decoded<Body>>(*std::move(decoded));
}

EventPtr make_event(const RecordPtr& record, Call call, auto body) {
  return std::make_shared<Event>(Event{record, call, std::move(body)});
}

}  // namespace

Dispatcher::Dispatcher(Settings settings, RecordSource& source, const std::vector<std::shared_ptr<Runner>>& runners,
                       const std::shared_ptr<Services>& services, StatusBoard& board)
    : settings_(std::move(settings)), source_(source), runners_(runners), services_(services), board_(board) {}

// Begins with nothing remembered: ids come with the old records.
void Dispatcher::on_assigned(const Place& place, std::int64_t from) {
  partitions_[place] = {std::make_shared<OffsetTracker>(from), -1, from, false, {}};
}

std::optional<std::int64_t> Dispatcher::on_revoked(const Place& place) {
  const auto found = partitions_.find(place);
  if (found == partitions_.end()) return std::nullopt;
  const std::shared_ptr<OffsetTracker> offsets = found->second.offsets;
  offsets->revoke();
  partitions_.erase(found);
  for (auto& [key, state] : states_) {
    if (source_.execution_place(key.first, key.second) == place) state.forget_told();
  }
  return offsets->committable();
}

void Dispatcher::on_record(RecordPtr record) {
  switch (record->kind) {
    case TopicKind::kExecution:
    case TopicKind::kBalance:
      return take_event(record);
    case TopicKind::kStatus:
      return take_status(record);
    case TopicKind::kRecovery:
      return take_recovery(record);
    case TopicKind::kHeartbeat:
      return take_heartbeat(*record);
  }
}

void Dispatcher::on_end(const Place& place, std::int64_t next) {
  const auto found = partitions_.find(place);
  if (found == partitions_.end()) return;
  found->second.ended = true;
  found->second.offsets->pass(next);
  found->second.position = std::max(found->second.position, next);
}

void Dispatcher::on_caught_up(TopicKind kind, const std::string& venue) { caught_up_.emplace(kind, venue); }

void Dispatcher::tick() {
  for (const auto& runner : runners_) runner->check();
  const std::int64_t now = services_->timer->now();
  for (auto& [key, state] : states_) {
    tell_news(key, state);
    show(key, state, now);
  }
}

Offsets Dispatcher::committable() const {
  Offsets offsets;
  for (const auto& [place, partition] : partitions_) {
    const std::int64_t next = partition.offsets->committable();
    if (next > partition.committed) offsets.emplace_back(place, next);
  }
  return offsets;
}

void Dispatcher::committed(const Offsets& offsets) {
  for (const auto& [place, next] : offsets) {
    if (const auto found = partitions_.find(place); found != partitions_.end()) found->second.committed = next;
  }
}

void Dispatcher::recommit() {
  for (auto& [place, partition] : partitions_) partition.committed = -1;
}

void Dispatcher::failed(const std::string& why) {
  tell(make_event(nullptr, Call::kError, AccountError{{}, {}, "consumer", why}));
}

bool Dispatcher::is_ours(const std::string& account) const {
  const auto& ours = settings_.accounts;
  return ours.empty() || std::find(ours.begin(), ours.end(), account) != ours.end();
}

Dispatcher::AccountStream& Dispatcher::stream_of(Partition& partition, const std::string& account) const {
  return partition.accounts.try_emplace(account, settings_.remembered_ids).first->second;
}

void Dispatcher::take_event(const RecordPtr& record) {
  const auto found = partitions_.find(record->place);
  if (found == partitions_.end()) return;
  Partition& partition = found->second;
  const auto calls =
      record->kind == TopicKind::kExecution ? read_execution(record, partition) : read_balance(record, partition);
  if (record->old) return;
  board_.count(&StatusBoard::Counts::records);
  if (calls) {
    hand_over(*record, partition, *calls);
  } else {
    park_undecodable(record, partition);
  }
  partition.position = record->offset + 1;
}

// A kind that this library does not know may be a fill of a new sort: not to be passed over.
std::optional<Dispatcher::Calls> Dispatcher::read_execution(const RecordPtr& record, Partition& partition) {
  const auto decoded = decode_as<schemas::Execution>(schemas::MessageType::kExecution, *record);
  if (!decoded) return std::nullopt;
  Execution execution = to_execution(*decoded, *record);
  if (execution.kind == ExecutionKind::kUnspecified || execution.event_id.empty()) return std::nullopt;
  Calls calls;
  if (!is_ours(execution.meta.account)) return calls;
  for (AccountError& error : gap_errors(execution.meta, decoded->meta.gap)) {
    calls.push_back(make_event(record, Call::kError, std::move(error)));
  }
  const auto call = route(execution, stream_of(partition, execution.meta.account).seen);
  note_event(*record, partition, execution.meta, call.has_value());
  if (call) calls.push_back(make_event(record, *call, std::move(execution)));
  return calls;
}

// A balance is state: what a writer of before says late, and what comes again, is out of date.
std::optional<Dispatcher::Calls> Dispatcher::read_balance(const RecordPtr& record, Partition& partition) {
  const auto decoded = decode_as<schemas::Balance>(schemas::MessageType::kBalance, *record);
  if (!decoded) return std::nullopt;
  Balance balance = to_balance(*decoded, *record);
  Calls calls;
  if (!is_ours(balance.meta.account)) return calls;
  for (AccountError& error : gap_errors(balance.meta, decoded->meta.gap)) {
    calls.push_back(make_event(record, Call::kError, std::move(error)));
  }
  AccountStream& stream = stream_of(partition, balance.meta.account);
  const std::pair at(balance.meta.epoch, balance.meta.seq);
  const bool is_next = at > std::pair(stream.epoch, stream.seq);
  if (is_next) std::tie(stream.epoch, stream.seq) = at;
  const bool is_told =
      is_next && (balance.event_id.empty() || stream.seen.take(balance.event_id, 1) == SeenIds::Verdict::kNew);
  note_event(*record, partition, balance.meta, is_told);
  if (is_told) calls.push_back(make_event(record, Call::kBalance, std::move(balance)));
  return calls;
}

void Dispatcher::note_event(const Record& record, const Partition& partition, const Meta& meta, bool told) {
  if (!told && !record.old) board_.count(&StatusBoard::Counts::repeats);
  // Neither what a sweep found nor a backlog says anything about the stream now.
  if (partition.ended && meta.origin != Origin::kReplay) {
    state_of({record.venue, meta.account}).sign_of_life(meta.epoch, meta.receive_time, services_->timer->now());
  }
  board_.update(meta.venue, meta.account, [&](AccountStatus& status) { status.last_event = meta.receive_time; });
}

void Dispatcher::park_undecodable(const RecordPtr& record, Partition& partition) {
  board_.count(&StatusBoard::Counts::undecodable);
  const std::string where = fmt::format("{} [{}] at {}", record->place.topic, record->place.partition, record->offset);
  (*services_->log)(LogLevel::kError, "a record cannot be read, it is parked: " + where);
  Calls calls;
  if (is_ours(record->key)) {
    calls.push_back(make_event(record, Call::kError, AccountError{record->venue, record->key, "undecodable", where}));
  }
  const auto ticket = hand_over(*record, partition, calls, 1);
  services_->letters->park({record, "undecodable", {}, {}, {}, 0}, [ticket] { ticket->finish(); });
}

// The tracker knows the record before anybody can be done with it.
std::shared_ptr<Ticket> Dispatcher::hand_over(const Record& record, Partition& partition, const Calls& calls,
                                              int others) {
  std::vector<std::pair<Runner*, EventPtr>> wanted;
  for (const EventPtr& event : calls) {
    const Scope scope = scope_of(*event);
    for (const auto& runner : runners_) {
      if (runner->wants(scope)) wanted.emplace_back(runner.get(), event);
    }
  }
  const int pending = static_cast<int>(wanted.size()) + others;
  if (pending == 0) {
    partition.offsets->pass(record.offset + 1);
    return nullptr;
  }
  partition.offsets->add(record.offset);
  auto ticket = std::make_shared<Ticket>(partition.offsets, record.offset, pending);
  for (auto& [runner, event] : wanted) runner->give({std::move(event), ticket});
  return ticket;
}

void Dispatcher::tell(const EventPtr& event) {
  const Scope scope = scope_of(*event);
  for (const auto& runner : runners_) {
    if (runner->wants(scope)) runner->give({event, nullptr});
  }
}

// Statuses of market streams are in the same topic.
void Dispatcher::take_status(const RecordPtr& record) {
  const auto decoded = decode_as<schemas::StreamStatus>(schemas::MessageType::kStreamStatus, *record);
  if (!decoded) {
    (*services_->log)(LogLevel::kWarning,
                      fmt::format("a status cannot be read: {} at {}", record->place.topic, record->offset));
    return;
  }
  const schemas::StreamIdentity& stream = *decoded->meta.stream;
  if (stream.account.empty() || !is_ours(stream.account)) return;
  const AccountKey key(record->venue, stream.account);
  const bool halted = state_of(key).take(*decoded, record);
  if (halted && !record->old && partition_of(key) != nullptr) {
    const std::string detail =
        fmt::format("{}: {} {}", decoded->body.dataset, decoded->body.reason, decoded->body.detail);
    tell(make_event(record, Call::kError, AccountError{key.first, key.second, "halted", detail}));
  }
}

void Dispatcher::take_recovery(const RecordPtr& record) {
  const auto decoded = decode_as<schemas::Recovery>(schemas::MessageType::kRecovery, *record);
  if (!decoded) {
    (*services_->log)(LogLevel::kWarning,
                      fmt::format("a recovery cannot be read: {} at {}", record->place.topic, record->offset));
    return;
  }
  const std::string& account = decoded->meta.stream->account;
  if (!is_ours(account)) return;
  const AccountKey key(record->venue, account);
  const schemas::Recovery& body = decoded->body;
  if (body.phase == schemas::RecoveryPhase::kCompleted && body.watermark) state_of(key).take(*decoded, record);
  if (body.phase == schemas::RecoveryPhase::kFailed && !record->old && partition_of(key) != nullptr) {
    tell(make_event(record, Call::kError, AccountError{key.first, account, "recovery_failed", body.error}));
  }
}

// The streams of an account are named by it where those of the market have an instrument.
void Dispatcher::take_heartbeat(const Record& record) {
  const auto decoded = schemas::decode(schemas::MessageType::kHeartbeat, record.value);
  if (!decoded) return;
  const auto& heartbeat = std::get<schemas::Heartbeat>(*decoded);
  if (heartbeat.dataset != "execution" && heartbeat.dataset != "balance") return;
  for (const schemas::StreamBeat& beat : heartbeat.streams) {
    if (!is_ours(beat.instrument)) continue;
    state_of({record.venue, beat.instrument}).sign_of_life(beat.epoch, heartbeat.time, services_->timer->now());
  }
}

AccountState& Dispatcher::state_of(const AccountKey& key) {
  return states_.try_emplace(key, settings_.silence).first->second;
}

const Dispatcher::Partition* Dispatcher::partition_of(const AccountKey& key) const {
  const auto found = partitions_.find(source_.execution_place(key.first, key.second));
  return found == partitions_.end() ? nullptr : &found->second;
}

void Dispatcher::tell_news(const AccountKey& key, AccountState& state) {
  const Partition* partition = partition_of(key);
  if (partition == nullptr) return;
  if (caught_up_.contains({TopicKind::kStatus, key.first})) {
    if (const EventPtr news = state.connection_news(services_->timer->now())) tell(news);
  }
  if (caught_up_.contains({TopicKind::kRecovery, key.first})) tell_recoveries(key, state, *partition);
}

void Dispatcher::tell_recoveries(const AccountKey& key, AccountState& state, const Partition& partition) {
  const auto ask_end = [&]() -> std::optional<std::int64_t> {
    const std::int64_t now = services_->timer->now();
    if (now < ask_again_) return std::nullopt;
    const auto end = source_.end_of(source_.execution_place(key.first, key.second));
    if (!end) ask_again_ = now + kAskAgain;
    return end;
  };
  for (const EventPtr& event : state.recovery_news(partition.position, ask_end)) {
    show(std::get<Recovered>(event->body));
    tell(event);
  }
}

void Dispatcher::show(const AccountKey& key, const AccountState& state, std::int64_t now) {
  const auto connection = state.connection(now);
  if (!connection) return;
  board_.update(key.first, key.second, [&](AccountStatus& status) {
    status.connected = connection->state == "LIVE";
    status.state = connection->state;
    status.reason = connection->reason;
    status.since = connection->time;
  });
}

void Dispatcher::show(const Recovered& recovered) {
  const std::vector<std::string> whole{""};
  board_.update(recovered.venue, recovered.account, [&](AccountStatus& status) {
    for (const std::string& symbol : recovered.symbols.empty() ? whole : recovered.symbols) {
      const auto same = [&](const Watermark& one) { return one.symbol == symbol; };
      const auto found = std::find_if(status.watermarks.begin(), status.watermarks.end(), same);
      if (found == status.watermarks.end()) {
        status.watermarks.push_back({symbol, recovered.watermark});
      } else {
        found->time = recovered.watermark;
      }
    }
  });
}

}  // namespace millrace::client

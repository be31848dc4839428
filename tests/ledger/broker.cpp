#include "tests/ledger/broker.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace millrace::ledger {
namespace {

template <class Records>
std::int64_t last_of(const Records& records) {
  return static_cast<std::int64_t>(records.size()) - 1;
}

}  // namespace

void Broker::add(ExecutionRecord record) {
  executions.push_back(std::move(record));
  if (on_execution) on_execution(executions.back());
}

void Broker::add_replay(const ExecutionRecord& record) {
  if (on_replay) on_replay(record);
  add(record);
}

void Broker::commit(const schemas::Cursor& cursor, const schemas::Recovery& recovery) {
  cursors.push_back(cursor);
  recoveries.push_back(recovery);
  if (on_recovery) on_recovery(recovery);
  if (on_commit) on_commit(recovery);
}

UnixNanos Broker::landing(UnixNanos now, Random& random) const {
  const bool slow = random.below(20) == 0;
  const std::int64_t wait = kMillisecond + random.below(slow ? 3 * kSecond : 20 * kMillisecond);
  return std::max(now, down_until) + wait;
}

// How much of what was under way has reached the broker is anybody's guess, but it is the first part of it, and nothing
// if the broker is down.
void Producer::die() {
  if (!alive_) return;
  alive_.reset();
  const bool down = broker_.down_until > time_.now();
  const auto most = down ? 0 : static_cast<std::int64_t>(under_way_.size());
  const auto reached = static_cast<std::size_t>(random_.below(most + 1));
  for (std::size_t i = 0; i < under_way_.size(); ++i) {
    if (i < reached) land(*under_way_[i]);
    under_way_[i]->done = true;
  }
}

publish::StreamSlot Producer::open(const publish::StreamSpec& spec) {
  slots_.push_back(spec.type);
  return publish::StreamSlot{static_cast<std::uint32_t>(slots_.size() - 1)};
}

std::span<std::byte> Producer::reserve(publish::StreamSlot, std::size_t bound) {
  buffer_.resize(bound);
  return std::as_writable_bytes(std::span(buffer_));
}

void Producer::commit(publish::StreamSlot stream, std::size_t length, std::int64_t seq) {
  send(slots_[static_cast<std::size_t>(stream)], buffer_.substr(0, length),
       [this, stream, seq](std::int64_t offset) { listener_->on_ack(stream, 0, offset, seq); });
}

bool Producer::put(std::string_view, std::string_view, std::string_view bytes, schemas::MessageType type) {
  using schemas::MessageType;
  if (type == MessageType::kStreamStatus || type == MessageType::kHeartbeat) send(type, std::string(bytes), {});
  return true;
}

void Producer::send(schemas::MessageType type, std::string bytes,
                    std::function<void(std::int64_t offset)> acknowledged) {
  const auto sent = std::make_shared<Sent>(Sent{type, std::move(bytes)});
  under_way_.push_back(sent);
  last_landing_ = std::max(last_landing_, broker_.landing(time_.now(), random_));
  time_.at(last_landing_, [this, alive = std::weak_ptr<int>(alive_), sent, acknowledged = std::move(acknowledged)] {
    if (sent->done) return;
    const std::int64_t offset = land(*sent);
    under_way_.erase(under_way_.begin());
    if (!acknowledged) return;
    time_.after(kMillisecond + random_.below(10 * kMillisecond), [alive, acknowledged, offset] {
      if (!alive.expired()) acknowledged(offset);
    });
  });
}

std::int64_t Producer::land(const Sent& sent) {
  const auto read = schemas::decode(sent.type, sent.bytes);
  if (!read) throw std::logic_error("a record of the worker cannot be decoded");
  if (broker_.on_worker_bytes) broker_.on_worker_bytes(sent.type, sent.bytes);
  if (const auto* execution = std::get_if<schemas::Decoded<schemas::Execution>>(&*read)) {
    const schemas::Meta& meta = execution->meta;
    broker_.add({meta.stream->symbol, meta.venue_time, meta.receive_time, meta.origin, meta.epoch, execution->body,
                 meta.stream->instrument, meta.seq});
    return last_of(broker_.executions);
  }
  if (const auto* balance = std::get_if<schemas::Decoded<schemas::Balance>>(&*read)) {
    broker_.balances.push_back({balance->meta.epoch, balance->meta.origin, balance->body});
    return last_of(broker_.balances);
  }
  if (const auto* status = std::get_if<schemas::Decoded<schemas::StreamStatus>>(&*read)) {
    broker_.statuses.push_back({status->meta.epoch, status->body});
    if (broker_.on_status) broker_.on_status(broker_.statuses.back());
    return last_of(broker_.statuses);
  }
  return 0;
}

}  // namespace millrace::ledger

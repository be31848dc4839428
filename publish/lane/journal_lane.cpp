#include "publish/lane/journal_lane.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "publish/kafka/record_header.h"
#include "publish/kafka/topic_names.h"
#include "publish/wall_clock.h"

namespace millrace::publish {
namespace {

using Clock = std::chrono::steady_clock;

// Around a record's own bytes: frame, topic and key.

// Records without a receive time are ours, written now.
std::int64_t time_of(schemas::MessageType type, std::string_view bytes) {
  if (const std::int64_t time = receive_time_of(type, bytes); time > 0) return time;
  return wall_clock();
}

}  // namespace

JournalLane::JournalLane(JournalSettings settings) : journal_(std::move(settings)) {
  for (const std::string& note : journal_.notes()) spdlog::warn("journal_torn detail=\"{}\"", note);
}

StreamSlot JournalLane::open(const StreamSpec& spec) {
  const auto& identity = *spec.identity;
  const bool market = identity.account.empty();
  streams_.push_back({market ? market_topic(identity.venue, spec.dataset) : account_topic(identity.venue, spec.dataset),
                      market ? identity.instrument : identity.account, spec.type});
  return static_cast<StreamSlot>(streams_.size() - 1);
}

std::span<std::byte> JournalLane::reserve(StreamSlot, std::size_t bound) {
  if (!journal_.room(bound + kFrameRoom)) {
    stats_.refused[static_cast<std::size_t>(RefusedBecause::kDisk)].add();
    return {};
  }
  scratch_.resize(std::max(scratch_.size(), bound));
  return std::span(scratch_).first(bound);
}

bool JournalLane::append(const JournalRecord& record) {
  stats_.records.add();
  stats_.bytes.add(record.bytes.size());
  return journal_.append(record);
}

void JournalLane::commit(StreamSlot stream, std::size_t length, std::int64_t seq) {
  const Stream& known = streams_[static_cast<std::size_t>(stream)];
  const std::string_view bytes(reinterpret_cast<const char*>(scratch_.data()), length);
  JournalRecord record{known.topic, known.key, bytes, time_of(known.type, bytes), seq};
  record.slot = static_cast<std::uint32_t>(stream);
  record.type = static_cast<std::uint8_t>(known.type);
  append(record);
  waiting_.push_back({stream, seq, received_at_.time_since_epoch().count()});
}

bool JournalLane::put(std::string_view topic, std::string_view key, std::string_view bytes, schemas::MessageType type) {
  JournalRecord record{topic, key, bytes, time_of(type, bytes)};
  record.type = static_cast<std::uint8_t>(type);
  if (journal_.room(bytes.size() + kFrameRoom) && append(record)) return true;
  stats_.refused[static_cast<std::size_t>(RefusedBecause::kDisk)].add();
  return false;
}

// One write for all that a drain brought.
void JournalLane::flush_batch() {
  const bool refused = !journal_.flush();
  if (refused != refused_) {
    if (refused) spdlog::error("journal_refused detail=\"{}\"", journal_.error());
    if (!refused) spdlog::info("journal_takes_records_again");
  }
  refused_ = refused;
  if (refused) return;
  const std::int64_t now = Clock::now().time_since_epoch().count();
  stats_.acked.add(static_cast<std::uint64_t>(journal_.flushed() - acked_));
  acked_ = journal_.flushed();
  for (const Waiting& one : waiting_) {
    stats_.receive_to_ack.add(now - one.stamp_ns);
    if (listener_ != nullptr) listener_->on_ack(one.stream, 0, -1, one.seq);
  }
  waiting_.clear();
}

// The journal's own end writes what is left then; what the disk refuses until the deadline is lost.
std::size_t JournalLane::close(std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  flush_batch();
  while (refused_ && Clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
    flush_batch();
  }
  return waiting_.size();
}

ArchivedLane::ArchivedLane(std::unique_ptr<Lane> lane, JournalSettings settings)
    : lane_(std::move(lane)), archive_(std::move(settings)) {}

StreamSlot ArchivedLane::open(const StreamSpec& spec) {
  archive_.open(spec);  // both number them in the order of open()
  return lane_->open(spec);
}

std::span<std::byte> ArchivedLane::reserve(StreamSlot stream, std::size_t bound) {
  room_ = lane_->reserve(stream, bound);
  return room_;
}

// The lane may give the bytes away, so they are copied before.
void ArchivedLane::commit(StreamSlot stream, std::size_t length, std::int64_t seq) {
  const auto copy = archive_.reserve(stream, length);
  if (!copy.empty()) {
    std::ranges::copy(room_.first(length), copy.begin());
    archive_.commit(stream, length, seq);
  }
  lane_->commit(stream, length, seq);
}

bool ArchivedLane::put(std::string_view topic, std::string_view key, std::string_view bytes,
                       schemas::MessageType type) {
  archive_.put(topic, key, bytes, type);
  return lane_->put(topic, key, bytes, type);
}

void ArchivedLane::flush_batch() {
  lane_->flush_batch();
  archive_.flush_batch();
}

void ArchivedLane::poll() {
  lane_->poll();
  archive_.poll();
}

std::size_t ArchivedLane::close(std::chrono::milliseconds timeout) {
  archive_.close(std::chrono::milliseconds{0});
  return lane_->close(timeout);
}

}  // namespace millrace::publish

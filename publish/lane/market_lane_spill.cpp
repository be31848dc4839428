// The third of the market lane that is on disk: what the rings have no room for, in order, and back.
//
// A partition whose ring is full writes behind it to a Spill of its own, in a folder of its own; so one that has no
// leader keeps no other waiting. As long as anything is there, what comes next goes there too. With the lane's polls,
// while less than half of the memory is used, records come back into the ring and go the usual way, each with the
// header `mr` and the time at which it was received.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <utility>

#include "publish/kafka/record_header.h"
#include "publish/kafka/topic_names.h"
#include "publish/lane/market_lane.h"

namespace millrace::publish {
namespace {

namespace fs = std::filesystem;

// How long one poll may bring records back: the sockets of the thread wait meanwhile, and a disk may be slow.
constexpr std::chrono::milliseconds kDrainSlice{5};
constexpr std::chrono::seconds kOpenAgain{1};
constexpr int kBetweenClocks = 32;  // records

}  // namespace

std::string MarketLane::spill_folder(const Topic& topic, std::int32_t partition) const {
  return fmt::format("{}/{}-{}", settings_.spill_folder, topic.name, partition);
}

// A full disk has no room for a folder either; told once, tried again each second.
bool MarketLane::open_spill(Ring& ring) {
  if (ring.spill) return true;
  Topic& topic = topics_[ring.topic];
  const auto now = Clock::now();
  if (now < topic.open_again) return false;
  try {
    ring.spill = std::make_unique<Spill>(spill_folder(topic, ring.partition), settings_.spill_limit);
    return true;
  } catch (const std::exception& error) {
    if (topic.open_again == Clock::time_point{}) {
      spdlog::error("market_lane_cannot_spill detail=\"{}\"", error.what());
    }
    topic.open_again = now + kOpenAgain;
    return false;
  }
}

// What the disk refused stands before all that comes: it was promised.
bool MarketLane::unstick(Ring& ring) {
  if (!ring.stuck) return true;
  if (!ring.spill->append(*ring.stuck)) return false;
  ring.stuck.reset();
  return true;
}

std::span<std::byte> MarketLane::reserve_on_disk(Ring& ring, std::size_t bound) {
  if (!open_spill(ring)) return refuse(RefusedBecause::kDisk);
  const auto wanted = static_cast<std::int64_t>(bound + kFrameRoom);
  const auto used = static_cast<std::int64_t>(stats_.on_disk.value());
  if (!unstick(ring) || used + wanted > settings_.spill_limit) return refuse(RefusedBecause::kDisk);
  to_disk_ = &ring;
  scratch_.resize(bound);
  return scratch_;
}

SpilledRecord MarketLane::spilled(const Ring& ring, std::string_view key, std::string_view bytes,
                                  schemas::MessageType type) const {
  SpilledRecord record;
  record.topic = topics_[ring.topic].name;
  record.key = key;
  record.bytes = bytes;
  record.time_ns = receive_time_of(type, bytes);
  record.type = static_cast<std::uint8_t>(type);
  return record;
}

void MarketLane::commit_on_disk(Ring& ring, SpilledRecord record) {
  to_disk_ = nullptr;
  stats_.records.add();
  stats_.bytes.add(record.bytes.size());
  stats_.spilled.add();
  if (!std::exchange(ring.waits_on_disk, true)) on_disk_.push_back(ring.records.number());
  const std::int64_t before = ring.spill->bytes();
  if (!ring.spill->append(record)) {
    spdlog::error("market_lane_disk_refuses detail=\"{}\"", ring.spill->error());
    ring.stuck = std::move(record);
    return;
  }
  stats_.on_disk.add(static_cast<std::uint64_t>(ring.spill->bytes() - before));
}

void MarketLane::count_disk() {
  std::int64_t bytes = 0;
  for (const std::uint32_t number : on_disk_) bytes += rings_[number].spill->bytes();
  stats_.on_disk.set(static_cast<std::uint64_t>(bytes));
}

void MarketLane::count_damage(const Spill& spill, std::int64_t before) {
  if (spill.damaged() == before) return;
  spdlog::error("journal_damaged folder={} segments={}", spill.folder(), spill.damaged() - before);
  stats_.damaged.add(static_cast<std::uint64_t>(spill.damaged() - before));
}

// A ring that is empty on disk leaves the list: from then on its records are live again.
void MarketLane::from_disk() {
  if (on_disk_.empty()) return;
  const auto until = Clock::now() + kDrainSlice;
  std::rotate(on_disk_.begin(), on_disk_.begin() + 1, on_disk_.end());  // another one begins with each poll
  std::erase_if(on_disk_, [&](std::uint32_t number) { return from_disk(rings_[number], until); });
  count_disk();
}

// True: nothing waits there any more. Half of the memory is left to those that are live.
bool MarketLane::from_disk(Ring& ring, Clock::time_point until) {
  for (int taken = 1; pool_.used() < pool_.limit() / 2; ++taken) {
    if (taken % kBetweenClocks == 0 && Clock::now() >= until) return false;
    if (!ring.next) {
      const std::int64_t damaged = ring.spill->damaged();
      ring.next = ring.spill->take();
      count_damage(*ring.spill, damaged);
    }
    if (!ring.next && ring.stuck) ring.next = std::exchange(ring.stuck, std::nullopt);
    if (!ring.next) {
      ring.waits_on_disk = false;
      return true;
    }
    const SpilledRecord& from = *ring.next;
    const bool has_key = from.slot == RingRecord::kNoSlot;
    const std::size_t key = has_key ? from.key.size() : 0;
    const auto room = ring.records.reserve(from.bytes.size() + key);
    if (room.data() == nullptr) return false;
    std::ranges::copy(std::as_bytes(std::span(from.bytes)), room.begin());
    if (has_key) std::ranges::copy(std::as_bytes(std::span(from.key)), room.begin() + std::ssize(from.bytes));
    RingRecord& record = ring.records.commit(from.bytes.size() + key, key);
    record.seq = from.seq;
    record.slot = from.slot;
    record.stamp_ns = RingRecord::kFromDisk;
    record.type = from.type;
    mark_dirty(ring);
    ring.next.reset();
  }
  return false;
}

// At the end: before what waits on disk already comes what the broker has not acknowledged. How many found no place.
std::size_t MarketLane::keep_on_disk() {
  std::size_t lost = 0;
  std::size_t kept = 0;
  for (Ring& ring : rings_) {
    std::vector<SpilledRecord> left;
    ring.records.for_each_left([&](RingRecord& record) {
      const std::string_view bytes(reinterpret_cast<const char*>(record.bytes()), record.length);
      left.push_back(spilled(ring, key_of(record), bytes, static_cast<schemas::MessageType>(record.type)));
      left.back().seq = record.seq;
    });
    if (ring.next) left.push_back(*std::exchange(ring.next, std::nullopt));
    const bool may = topics_[ring.topic].spills && (left.empty() || open_spill(ring));
    const bool put = left.empty() || (may && ring.spill->put_back(left));
    if (!unstick(ring)) ++lost;
    (put ? kept : lost) += left.size();
    if (ring.spill) kept += static_cast<std::size_t>(ring.spill->records()) - (put ? left.size() : 0);
  }
  if (kept + lost == 0) return 0;
  spdlog::warn("market_lane_kept_for_the_next_start records={} lost={}", kept, lost);
  return lost;
}

// Folders of partitions that this process does not write (another count of topics, another dataset) too.
void MarketLane::take_leftover(const std::function<void(SpilledRecord)>& visit) {
  if (settings_.spill_folder.empty() || !fs::exists(settings_.spill_folder)) return;
  std::vector<std::string> folders;
  for (const auto& entry : fs::directory_iterator(settings_.spill_folder)) {
    if (entry.is_directory()) folders.push_back(entry.path().string());
  }
  std::ranges::sort(folders);
  for (const std::string& folder : folders) {
    Spill spill(folder, settings_.spill_limit);
    spill.take_leftover(visit);
    count_damage(spill, 0);
  }
}

}  // namespace millrace::publish

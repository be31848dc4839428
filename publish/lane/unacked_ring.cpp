#include "publish/lane/unacked_ring.h"

#include <new>
#include <utility>

namespace millrace::publish {
namespace {

constexpr std::size_t kAlign = alignof(RingRecord);

std::size_t aligned(std::size_t bytes) noexcept { return (bytes + kAlign - 1) & ~(kAlign - 1); }

}  // namespace

UnackedRing::~UnackedRing() {
  for (auto& block : blocks_) pool_.give_back(std::move(block));
}

// A record never spans two blocks, as librdkafka wants its bytes in one piece; the rest of a block is left unused.
std::span<std::byte> UnackedRing::reserve(std::size_t bound) {
  const std::size_t need = sizeof(RingRecord) + aligned(bound);
  if (blocks_.empty() || blocks_.back()->size - blocks_.back()->used < need) {
    if (!make_room(need)) return {};
  }
  Block& block = *blocks_.back();
  return {block.memory.get() + block.used + sizeof(RingRecord), bound};
}

// The rule of the class. For a ring without a block it is the budget itself: one block for each that has something to
// say, while there is any.
bool UnackedRing::make_room(std::size_t need) {
  // An emptied block at the back that is too small would only be in the way.
  if (!blocks_.empty() && blocks_.back()->alive == 0) {
    bytes_ -= blocks_.back()->size;
    pool_.give_back(std::move(blocks_.back()));
    blocks_.pop_back();
  }
  const std::size_t cost = BlockPool::cost(need);
  if (bytes_ > 0 && bytes_ + cost > pool_.free()) {
    why_ = cost > pool_.free() ? Refusal::kBudget : Refusal::kShare;
    return false;
  }
  auto block = pool_.take(need);
  if (!block) {
    why_ = Refusal::kBudget;
    return false;
  }
  bytes_ += block->size;
  blocks_.push_back(std::move(block));
  return true;
}

// The record's header stands in front of its bytes in the block: one allocation and one line of cache for both.
RingRecord& UnackedRing::commit(std::size_t length, std::size_t key_length) {
  Block& block = *blocks_.back();
  auto* record = new (block.memory.get() + block.used) RingRecord{};
  record->length = static_cast<std::uint32_t>(length - key_length);
  record->key_length = static_cast<std::uint16_t>(key_length);
  record->ring = number_;
  block.used += sizeof(RingRecord) + aligned(length);
  ++block.alive;
  ++records_;
  if (newest_) newest_->next = record;
  newest_ = record;
  if (!oldest_) oldest_ = record;
  if (!to_send_) to_send_ = record;
  return *record;
}

void UnackedRing::sent(RingRecord& record) noexcept {
  record.state = RecordState::kSent;
  to_send_ = record.next;
  // Behind a rewind or a repeat there may be records whose report has come.
  while (to_send_ && to_send_->state == RecordState::kDone) to_send_ = to_send_->next;
}

void UnackedRing::rewind(RingRecord& record) noexcept {
  // The producer refuses a tail of what it was handed, so nothing after this one is on its way.
  for (RingRecord* each = &record; each && each != to_send_; each = each->next) {
    if (each->state == RecordState::kSent) each->state = RecordState::kWaiting;
  }
  to_send_ = &record;
}

void UnackedRing::repeat_all() noexcept {
  to_send_ = nullptr;
  for (RingRecord* each = oldest_; each; each = each->next) {
    if (each->state == RecordState::kSent) each->state = RecordState::kRepeat;
    if (!to_send_ && each->state != RecordState::kDone) to_send_ = each;
  }
}

void UnackedRing::done(RingRecord& record) noexcept {
  record.state = RecordState::kDone;
  while (oldest_ && oldest_->state == RecordState::kDone) release_front();
}

// Blocks come back when their last record is done, so the budget counts what is really held.
void UnackedRing::release_front() noexcept {
  oldest_ = oldest_->next;
  --records_;
  if (!oldest_) newest_ = nullptr;
  Block& front = *blocks_.front();
  if (--front.alive > 0) return;
  if (blocks_.size() == 1) {
    // The last block stays with the ring, at its beginning: warm in the cache.
    front.used = 0;
    return;
  }
  bytes_ -= front.size;
  pool_.give_back(std::move(blocks_.front()));
  blocks_.pop_front();
}

}  // namespace millrace::publish

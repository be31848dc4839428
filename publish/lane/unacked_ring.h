#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string_view>

#include "publish/lane/block_pool.h"

namespace millrace::publish {

// How far a record in a ring has come.
enum class RecordState : std::uint8_t {
  kWaiting,  // not yet handed to the producer
  kSent,     // handed over; its bytes must stay where they are until the report or the end of the producer
  kRepeat,   // handed to a producer that died before the report: must be sent again, may already be there
  kDone,     // reported; released when all before it are
};

// One record in a ring, followed by its bytes and, for a record that is no stream's, its key. Its address is the cookie
// that librdkafka brings back, so it must not move before its report. 40 bytes, which small records pay for too.
struct RingRecord {
  RingRecord* next = nullptr;
  std::int64_t seq = 0;
  std::int64_t stamp_ns = 0;  // monotonic clock when its frame was received; 0 = not measured; kFromDisk
  std::uint32_t length = 0;
  std::uint32_t slot = 0;  // of the stream; kNoSlot: the key is in the ring
  std::uint32_t ring = 0;  // dense number of the ring
  std::uint16_t key_length = 0;
  std::uint8_t type = 0;  // schemas::MessageType
  RecordState state = RecordState::kWaiting;

  static constexpr std::int64_t kFromDisk = -1;  // comes late: goes with its header and its own time
  static constexpr std::uint32_t kNoSlot = ~std::uint32_t{0};
  std::byte* bytes() noexcept { return reinterpret_cast<std::byte*>(this + 1); }
  std::string_view key() noexcept { return {reinterpret_cast<char*>(bytes() + length), key_length}; }
};

// Why a ring has no room.
enum class Refusal : std::uint8_t { kNone, kBudget, kShare };

// The records of one partition that the broker has not acknowledged, in order. They lie in blocks of the lane's common
// budget and do not move. A ring may take another block only while it holds less than what the budget has left: so n
// partitions without a leader hold at most n / (n + 1) of it and the others flow on. A ring that holds nothing may
// always take a block while there is one. Belongs to one thread.
class UnackedRing {
 public:
  UnackedRing(BlockPool& pool, std::uint32_t number) noexcept : pool_(pool), number_(number) {}
  ~UnackedRing();
  UnackedRing(const UnackedRing&) = delete;
  UnackedRing& operator=(const UnackedRing&) = delete;

  // Room for `bound` bytes, to be committed before the next call. Empty (data() is null): refused, and why() says for
  // which reason. What is reserved and not committed costs nothing: the next call gives the same place.
  std::span<std::byte> reserve(std::size_t bound);
  Refusal why() const noexcept { return why_; }
  // The first `length` bytes of the last reservation are a record, of which the last `key_length` are its key. REQUIRES
  // length <= the bound. The reference stays valid until the record is released.
  RingRecord& commit(std::size_t length, std::size_t key_length);

  // Records in order from here are to be handed to the producer; nullptr if none is left.
  RingRecord* to_send() const noexcept { return to_send_; }
  // `record` is to_send(): it is now the producer's.
  void sent(RingRecord& record) noexcept;
  // The producer did not take `record`: it and all after it are to be handed over again.
  void rewind(RingRecord& record) noexcept;
  // The producer died: all that it had is to be sent again, in order. Call it only when that producer has ended: it
  // reads the bytes until then.
  void repeat_all() noexcept;

  // The producer reported; releases what is done from the front. A record behind one that is not done stays: memory is
  // released in the order it was laid, so one partition with a stuck record holds its blocks.
  void done(RingRecord& record) noexcept;

  // Calls visit(record) for each that the broker has not acknowledged, in order.
  template <class Visit>
  void for_each_left(const Visit& visit) {
    for (RingRecord* record = oldest_; record; record = record->next) {
      if (record->state != RecordState::kDone) visit(*record);
    }
  }

  std::size_t bytes() const noexcept { return bytes_; }      // of the budget
  std::size_t records() const noexcept { return records_; }  // not yet released
  std::uint32_t number() const noexcept { return number_; }

 private:
  bool make_room(std::size_t need);
  void release_front() noexcept;

  BlockPool& pool_;
  std::uint32_t number_;
  Refusal why_ = Refusal::kNone;
  std::deque<std::unique_ptr<Block>> blocks_;  // front: the oldest record's; back: where the next one goes
  // A list from oldest_ to newest_ through `next`. Everything before to_send_ is kSent or kDone, but after a rewind or
  // a repeat kDone ones may stand behind it too.
  RingRecord* oldest_ = nullptr;
  RingRecord* newest_ = nullptr;
  RingRecord* to_send_ = nullptr;
  std::size_t bytes_ = 0;
  std::size_t records_ = 0;
};

}  // namespace millrace::publish

#pragma once

#include <array>
#include <cstdint>

#include "publish/kafka/producer.h"
#include "publish/tally.h"

namespace millrace::publish {

// Why a lane did not take a record. The caller does the same in each case (number it as lost, declare it); people do
// not: kBudget and kShare pass by themselves, kNoTopic and kTooLarge want a change of the configuration.
enum class RefusedBecause : std::uint8_t {
  kBudget,    // the lane's memory is full
  kShare,     // this partition's share of it is full: it has no leader, or is slower than the others
  kTooLarge,  // larger than any record the broker takes
  kNoTopic,   // the topic is missing or was not warmed
  kDisk,      // the journal's limit is reached, or the disk refuses
};
inline constexpr std::size_t kRefusals = 5;

constexpr std::string_view name(RefusedBecause reason) noexcept {
  switch (reason) {
    case RefusedBecause::kBudget:
      return "lane_full";
    case RefusedBecause::kShare:
      return "partition_full";
    case RefusedBecause::kTooLarge:
      return "too_large";
    case RefusedBecause::kNoTopic:
      return "no_topic";
    case RefusedBecause::kDisk:
      return "journal_full";
  }
  return "other";
}

// What a lane counts: written by its thread, read by any (the metrics scrape).
struct LaneStats {
  Tally records;                         // taken
  Tally bytes;                           // of their encoded bodies
  Tally acked;                           // by the broker
  Tally resent;                          // handed over once more after a producer died
  Tally renewals;                        // producers that died and were made anew
  Tally queue_full;                      // times that librdkafka's queue was full and the rest waited in the rings
  Tally made_anew;                       // partitions seen to begin anew
  std::array<Tally, kRefusals> refused;  // by RefusedBecause
  std::array<Tally, kFateCount> lost;    // by Fate; only the lost ones move
  Tally spilled;                         // went by way of the disk
  Tally on_disk;                         // gauge: bytes that wait there
  Tally damaged;                         // segments there with a rest that cannot be read
  Tally retried;                         // refused for good and sent again (account lane)
  Tally ring_bytes;                      // gauge: of the budget
  Tally ring_limit;                      // gauge: the budget
  LatencyHistogram receive_to_publish;   // last byte of the frame to handed to librdkafka
  LatencyHistogram receive_to_ack;       // to the broker's acknowledgement seen here
};

}  // namespace millrace::publish

#include "publish/kafka/murmur2.h"

#include <cstddef>

namespace millrace::publish {
namespace {

constexpr std::uint32_t kMultiplier = 0x5bd1e995;
constexpr std::uint32_t kSeed = 0x9747b28c;

std::uint32_t byte_at(std::string_view text, std::size_t i) noexcept { return static_cast<unsigned char>(text[i]); }

// Four bytes, least significant first: the order is part of the hash, not the machine's.
std::uint32_t word_at(std::string_view text, std::size_t i) noexcept {
  return byte_at(text, i) | byte_at(text, i + 1) << 8 | byte_at(text, i + 2) << 16 | byte_at(text, i + 3) << 24;
}

}  // namespace

// As in Kafka's org.apache.kafka.common.utils.Utils. Keys must land where any Java client's would, else a reader that
// looks a key up by partition finds nothing.
std::uint32_t murmur2(std::string_view key) noexcept {
  std::uint32_t hash = kSeed ^ static_cast<std::uint32_t>(key.size());
  const std::size_t whole = key.size() & ~std::size_t{3};
  for (std::size_t i = 0; i < whole; i += 4) {
    std::uint32_t word = word_at(key, i) * kMultiplier;
    word ^= word >> 24;
    hash = hash * kMultiplier ^ word * kMultiplier;
  }
  if (whole < key.size()) {
    for (std::size_t i = key.size(); i-- > whole;) hash ^= byte_at(key, i) << 8 * (i - whole);
    hash *= kMultiplier;
  }
  hash ^= hash >> 13;
  hash *= kMultiplier;
  return hash ^ hash >> 15;
}

std::int32_t partition_of(std::string_view key, std::int32_t partitions) noexcept {
  // Java clears the sign bit rather than taking the absolute value.
  return static_cast<std::int32_t>(murmur2(key) & 0x7fffffff) % partitions;
}

}  // namespace millrace::publish

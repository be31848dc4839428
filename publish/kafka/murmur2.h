#pragma once

#include <cstdint>
#include <string_view>

namespace millrace::publish {

// The hash by which Kafka's Java client picks partitions (murmur2, seed 0x9747b28c).
std::uint32_t murmur2(std::string_view key) noexcept;

// The partition that Java's default partitioner gives to `key`. Requires partitions > 0.
std::int32_t partition_of(std::string_view key, std::int32_t partitions) noexcept;

}  // namespace millrace::publish

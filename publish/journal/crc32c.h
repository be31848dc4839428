#pragma once

#include <cstdint>
#include <string_view>

namespace millrace::publish {

// CRC32C (Castagnoli), as Kafka's own records have; by the processor's instruction where it has one. Any thread.
std::uint32_t crc32c(std::string_view bytes) noexcept;

// The same by a table, a byte at a time, on any processor.
std::uint32_t crc32c_by_table(std::string_view bytes) noexcept;

}  // namespace millrace::publish

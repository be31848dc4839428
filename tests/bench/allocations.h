#pragma once

#include <cstdint>

namespace millrace::bench {

// Calls of operator new since the program began.
std::uint64_t allocations() noexcept;

}  // namespace millrace::bench

// Counts every allocation of the process, for "allocations per message".

#include "tests/bench/allocations.h"

#include <cstdlib>
#include <new>

namespace {
std::uint64_t counted = 0;  // the benchmarks that read it run on one thread
}

namespace millrace::bench {
std::uint64_t allocations() noexcept { return counted; }
}  // namespace millrace::bench

void* operator new(std::size_t size) {
  ++counted;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  ++counted;
  const auto align = static_cast<std::size_t>(alignment);
  if (void* memory = std::aligned_alloc(align, (size + align - 1) / align * align)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

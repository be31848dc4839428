#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace millrace::publish {

// A piece of memory in which a ring lays its records one after the other.
struct Block {
  std::unique_ptr<std::byte[]> memory;
  std::size_t size = 0;
  std::size_t used = 0;     // bytes laid
  std::uint32_t alive = 0;  // records laid and not yet released
};

// The byte budget that all rings of a lane share. Standard blocks are kept and handed out again, so that a lane in its
// stride allocates nothing; a record larger than a block gets one of its own. Spare blocks are not part of used(), but
// together with it they stay within the limit. Belongs to one thread.
class BlockPool {
 public:
  static constexpr std::size_t kBlockBytes = 64 * 1024;

  // Never more than `limit` bytes are out at a time.
  explicit BlockPool(std::size_t limit) noexcept : limit_(limit) {}

  // Nullptr: the budget does not hold it. Else a block with at least so many bytes, empty, uninitialized.
  std::unique_ptr<Block> take(std::size_t at_least);
  // From take() of this pool; what lies in it is forgotten.
  void give_back(std::unique_ptr<Block> block);

  std::size_t limit() const noexcept { return limit_; }
  std::size_t used() const noexcept { return used_; }
  std::size_t free() const noexcept { return limit_ - used_; }
  // What take(at_least) would use of the budget.
  static std::size_t cost(std::size_t at_least) noexcept { return at_least < kBlockBytes ? kBlockBytes : at_least; }

 private:
  std::size_t limit_;
  std::size_t used_ = 0;
  std::vector<std::unique_ptr<Block>> spare_;  // standard blocks; the one last used comes out first
};

}  // namespace millrace::publish

#include "publish/lane/block_pool.h"

#include <utility>

namespace millrace::publish {

// Counted by the block and not by the record: what is held is what matters.
std::unique_ptr<Block> BlockPool::take(std::size_t at_least) {
  const std::size_t bytes = cost(at_least);
  if (bytes > free()) return nullptr;
  used_ += bytes;
  if (bytes == kBlockBytes && !spare_.empty()) {
    auto block = std::move(spare_.back());
    spare_.pop_back();
    return block;
  }
  // What is out and what is kept stay within the limit together.
  while (!spare_.empty() && used_ + spare_.size() * kBlockBytes > limit_) spare_.pop_back();
  auto block = std::make_unique<Block>();
  // Not value-initialized: a zeroed block would be written twice.
  block->memory = std::unique_ptr<std::byte[]>(new std::byte[bytes]);
  block->size = bytes;
  return block;
}

void BlockPool::give_back(std::unique_ptr<Block> block) {
  used_ -= block->size;
  if (block->size != kBlockBytes) return;  // a large one goes back to the system
  block->used = 0;
  block->alive = 0;
  spare_.push_back(std::move(block));
}

}  // namespace millrace::publish

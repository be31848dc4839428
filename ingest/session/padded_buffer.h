#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

#include "normalize/venue_adapter.h"

namespace millrace::ingest {

// Bytes that grow by doubling and are always followed by kFramePadding readable ones, so that simdjson may run past the
// end. Grows only as bytes come in: an announced length reserves nothing.
class PaddedBuffer {
 public:
  explicit PaddedBuffer(std::size_t capacity) { reallocate(capacity); }

  const char* data() const noexcept { return bytes_.get(); }
  char* data() noexcept { return bytes_.get(); }
  std::size_t size() const noexcept { return size_; }
  std::size_t capacity() const noexcept { return capacity_; }
  std::string_view view() const noexcept { return {bytes_.get(), size_}; }

  // What is free behind the content; valid until the content grows or moves. add() makes the first `count` bytes of it
  // content.
  std::span<char> room() noexcept { return {bytes_.get() + size_, capacity_ - size_}; }
  void add(std::size_t count) noexcept { size_ += count; }

  // Copies; may move the content, so views into it end.
  void append(std::string_view more) {
    while (capacity_ - size_ < more.size()) grow();
    if (!more.empty()) std::memcpy(bytes_.get() + size_, more.data(), more.size());
    size_ += more.size();
  }

  // Drops the first `count` bytes and moves the rest to the front. REQUIRES count <= size().
  void drop_front(std::size_t count) noexcept {
    size_ -= count;
    std::memmove(bytes_.get(), bytes_.get() + count, size_);
  }

  void grow() { reallocate(capacity_ * 2); }

  // Empties. A buffer that one huge message made larger than `keep` goes back to it.
  void clear(std::size_t keep) {
    size_ = 0;
    if (capacity_ > keep) reallocate(keep);
  }

 private:
  void reallocate(std::size_t capacity) {
    auto bytes = std::make_unique<char[]>(capacity + normalize::kFramePadding);
    if (size_ > 0) std::memcpy(bytes.get(), bytes_.get(), size_);
    bytes_ = std::move(bytes);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace millrace::ingest

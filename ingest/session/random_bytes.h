#pragma once

#include <sys/random.h>

#include <array>
#include <cstdint>
#include <string>

namespace millrace::ingest {

// Unpredictable bytes from the kernel, fetched in blocks: masks and nonces are small. getrandom(2) with so few bytes
// neither fails nor is interrupted. Used on one thread.
class RandomBytes {
 public:
  std::uint32_t word() {
    if (used_ == words_.size()) refill();
    return words_[used_++];
  }

  std::uint64_t seed() { return static_cast<std::uint64_t>(word()) << 32 | word(); }

  // 16 bytes for Sec-WebSocket-Key.
  std::string nonce() {
    std::string bytes;
    for (int i = 0; i < 4; ++i) {
      const std::uint32_t four = word();
      bytes.append(reinterpret_cast<const char*>(&four), sizeof four);
    }
    return bytes;
  }

 private:
  // 256 bytes at a time: getrandom(2) gives up to that many whole, so the loop is for form's sake.
  void refill() {
    while (getrandom(words_.data(), sizeof words_, 0) != static_cast<ssize_t>(sizeof words_)) {
    }
    used_ = 0;
  }

  std::array<std::uint32_t, 64> words_{};
  std::size_t used_ = words_.size();
};

}  // namespace millrace::ingest

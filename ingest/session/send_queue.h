#pragma once

#include <openssl/crypto.h>

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

namespace millrace::ingest {

// Texts that wait for the venue's message rate. Bounded in count and bytes; "full" is an answer. A text may hold what
// lets its sender in, so its bytes are overwritten when it goes. Not thread-safe.
class SendQueue {
 public:
  SendQueue(std::size_t most_messages, std::size_t most_bytes)
      : most_messages_(most_messages), most_bytes_(most_bytes) {}

  // False: no room, nothing taken.
  bool push(std::string text) {
    if (texts_.size() >= most_messages_ || bytes_ + text.size() > most_bytes_) {
      wipe(text);
      return false;
    }
    bytes_ += text.size();
    texts_.push_back(std::move(text));
    return true;
  }

  bool empty() const noexcept { return texts_.empty(); }
  std::size_t size() const noexcept { return texts_.size(); }
  // REQUIRES not empty. Valid until pop() or clear().
  std::string_view front() const noexcept { return texts_.front(); }

  void pop() {
    bytes_ -= texts_.front().size();
    wipe(texts_.front());
    texts_.pop_front();
  }

  void clear() {
    for (std::string& text : texts_) wipe(text);
    texts_.clear();
    bytes_ = 0;
  }

 private:
  static void wipe(std::string& text) noexcept { OPENSSL_cleanse(text.data(), text.size()); }

  const std::size_t most_messages_;
  const std::size_t most_bytes_;
  std::deque<std::string> texts_;
  std::size_t bytes_ = 0;
};

}  // namespace millrace::ingest

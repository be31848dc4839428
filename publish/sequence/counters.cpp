#include "publish/sequence/counters.h"

#include <algorithm>

namespace millrace::publish {

// A word that is new when all places are taken stays uncounted by name: labels must not grow with what a server may
// say.
void ReasonCounters::add(std::string_view reason, std::uint64_t n) noexcept {
  const std::string_view word = reason.substr(0, kMaxLength);
  const std::size_t size = size_.load(std::memory_order_relaxed);
  for (std::size_t i = 0; i < size; ++i) {
    if (word == entries_[i].word) return entries_[i].count.add(n);
  }
  if (size == kMaxReasons) return other_.add(n);
  std::copy(word.begin(), word.end(), entries_[size].word);
  entries_[size].count.add(n);
  size_.store(size + 1, std::memory_order_release);  // readers see the word before the size
}

std::uint64_t ReasonCounters::value(std::string_view reason) const noexcept {
  std::uint64_t found = 0;
  for_each([&](std::string_view word, std::uint64_t count) { found += word == reason ? count : 0; });
  return found;
}

}  // namespace millrace::publish

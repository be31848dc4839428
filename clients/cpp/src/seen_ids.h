#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

namespace millrace::client {

// The event ids of one account that were told, with their highest revision. Bounded: the oldest id goes first.
class SeenIds {
 public:
  explicit SeenIds(std::size_t limit) : limit_(limit) {}

  // kHigher: known, but not at this revision.
  enum class Verdict : std::uint8_t { kNew, kHigher, kKnown };
  Verdict take(std::string_view id, std::int32_t revision);

 private:
  const std::size_t limit_;
  std::unordered_map<std::string, std::int32_t> revisions_;
  std::deque<const std::string*> order_;  // the map's keys, which never move
};

}  // namespace millrace::client

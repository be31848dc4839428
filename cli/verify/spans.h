#pragma once

#include <cstdint>
#include <map>

namespace millrace::cli {

// Whole numbers, kept as spans of neighbours: what mostly rises by one takes no room. Any order of adding.
class Spans {
 public:
  // Up to `slack` numbers missing between two spans are taken for there.
  explicit Spans(std::int64_t slack = 0) noexcept : slack_{slack} {}

  void add(std::int64_t number);
  bool contains(std::int64_t number) const;
  // How many are in from..to, both inclusive.
  std::int64_t count(std::int64_t from, std::int64_t to) const;
  // First to last number of each span.
  const std::map<std::int64_t, std::int64_t>& all() const noexcept { return spans_; }

 private:
  std::int64_t slack_;
  std::map<std::int64_t, std::int64_t> spans_;
};

}  // namespace millrace::cli

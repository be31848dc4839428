#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/events/meta.h"

namespace millrace::history {

// One record as a source has it. The views live until the source is asked again.
struct SourceRecord {
  std::string_view topic;  // after "{prefix}."
  std::string_view key;
  std::string_view bytes;
  std::size_t part = 0;  // of the source
};

// Where history comes from: topics, one journal, one recording. It has one part or more, such as partitions: the
// records of each come nearly in the order of their receive times, those of different parts in any. One thread.
class Source {
 public:
  virtual ~Source() = default;

  // False: at its end. Throws std::runtime_error if it cannot go on.
  virtual bool next(SourceRecord& out) = 0;

  virtual std::size_t parts() const { return 1; }
  // Nothing of it comes any more.
  virtual bool has_ended(std::size_t) const { return false; }
  // No record that is still to come was received before that; the smallest number: who knows.
  virtual schemas::UnixNanos nothing_before() const { return std::numeric_limits<schemas::UnixNanos>::min(); }
  // Nothing of it is wanted any more.
  virtual void leave(std::size_t) {}

  // How far it is, in units of its own that only make sense together.
  struct Progress {
    std::int64_t done = 0;
    std::int64_t total = 0;
  };
  virtual Progress progress() const = 0;
};

// What was found wrong with the input and passed over: all of it counted by kind, the first of each told.
class Problems {
 public:
  // `tell` hears a line for each of the first `kTold` of a kind. `kind` is one of few fixed words ("not_a_record").
  explicit Problems(std::function<void(std::string_view)> tell) : tell_{std::move(tell)} {}
  void add(std::string_view kind, std::string_view text);

  const std::map<std::string, std::int64_t, std::less<>>& counts() const noexcept { return counts_; }
  bool empty() const noexcept { return counts_.empty(); }

 private:
  static constexpr std::int64_t kTold = 10;
  std::function<void(std::string_view)> tell_;
  std::map<std::string, std::int64_t, std::less<>> counts_;
};

}  // namespace millrace::history

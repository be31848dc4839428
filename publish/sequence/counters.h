#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "normalize/symbols/dataset.h"
#include "publish/tally.h"
#include "schemas/events/meta.h"

namespace millrace::publish {

// Counts by a fixed word. Words are learnt as they come; what does not fit counts as "other", so that a metric's labels
// stay few. One writing thread, any number of readers, no lock: an entry is complete before `size_` shows it. Linear in
// the words, which are a handful.
class ReasonCounters {
 public:
  static constexpr std::size_t kMaxReasons = 24;
  static constexpr std::size_t kMaxLength = 31;  // longer words are cut

  // The writing thread only. `reason` is copied; call it with fixed words, not with text of the venue.
  void add(std::string_view reason, std::uint64_t n = 1) noexcept;
  std::uint64_t value(std::string_view reason) const noexcept;

  // Calls `visit(word, count)` for each word seen so far.
  template <class Visit>
  void for_each(Visit&& visit) const {
    const std::size_t size = size_.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < size; ++i) visit(std::string_view{entries_[i].word}, entries_[i].count.value());
    if (other_.value() > 0) visit(std::string_view{"other"}, other_.value());
  }

 private:
  struct Entry {
    char word[kMaxLength + 1] = {};
    Tally count;
  };
  std::array<Entry, kMaxReasons> entries_;
  std::atomic<std::size_t> size_{0};  // entries below it are complete and never change their word
  Tally other_;
};

// A stream's name as labels; never changes once another thread can see it.
struct StreamName {
  std::string instrument;
  std::string_view dataset;
};

// What a Sequencer counts, for /metrics. Written on the sequencer's thread, readable from any. Lives as long as the
// sequencer.
struct SequenceCounters {
  std::array<Tally, normalize::kDatasetCount> records;  // by Dataset: committed to the sink
  std::array<ReasonCounters, 4> gaps;                   // by GapKind, then reason
  ReasonCounters drops;                                 // events not published: by the adapter's or our word
  std::array<Tally, 11> streams;                        // by StreamState; refreshed by tick()
  Tally oldest_staleness_ns;                            // of the streams that should be live; refreshed by tick()
  std::atomic<const StreamName*> oldest{nullptr};       // which stream that is; lives as long as the sequencer
  LatencyHistogram websocket_latency;                   // the venue's send time to our receive time, live
  Tally ops_refused;                                    // status, gap, quarantine or heartbeat records not taken
};

}  // namespace millrace::publish

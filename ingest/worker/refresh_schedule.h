#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "normalize/symbols/instrument_table.h"
#include "schemas/events/meta.h"

namespace millrace::ingest {

// When each book is published whole: every period, at a moment of its own, so that the refreshes of many books do not
// come at once. Reads no clock. A heap: asking costs nothing while nothing is due.
class RefreshSchedule {
 public:
  using UnixNanos = schemas::UnixNanos;

  RefreshSchedule(std::int64_t period_ns, std::uint64_t seed) : period_ns_(period_ns), random_(seed) {}

  // Its first refresh comes at a random moment within the first period.
  void add(normalize::InstrumentId book, UnixNanos now);
  void remove(normalize::InstrumentId book);

  // The books whose time has come; each is due again a period later. Valid until the next call.
  const std::vector<normalize::InstrumentId>& take_due(UnixNanos now);
  // In the order of ids.
  std::vector<normalize::InstrumentId> all() const;

 private:
  struct Entry {
    UnixNanos at;
    normalize::InstrumentId book;
  };
  static bool later(const Entry& a, const Entry& b) noexcept { return a.at > b.at; }
  void push(Entry entry);

  const std::int64_t period_ns_;
  std::mt19937_64 random_;
  std::vector<Entry> heap_;  // the earliest in front
  std::vector<normalize::InstrumentId> due_;
};

}  // namespace millrace::ingest

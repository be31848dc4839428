#pragma once

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/faults/fault.h"

namespace millrace::sim {

// The faults that wait to strike, shared by all venues. Thread-safe. What strikes is decided by the seed, not by time.
class FaultBook {
 public:
  explicit FaultBook(std::uint64_t seed) : engine_(seed) {}

  void add(Fault fault);
  // The fault that strikes this message, if any. Faults of connections see every message, the others only data.
  std::optional<Fault> on_message(std::string_view venue, const Tag& tag);
  std::optional<Fault> on_request(std::string_view venue, std::string_view target);
  std::optional<Fault> on_connect(std::string_view venue);

 private:
  std::optional<Fault> strike(const std::function<bool(const Fault&)>& concerns);

  std::mutex mutex_;
  std::vector<Fault> faults_;  // guarded by mutex_
  std::mt19937_64 engine_;     // guarded by mutex_
  std::atomic<std::size_t> waiting_{0};
};

// One line of the fault log.
struct FaultRecord {
  std::int64_t time_ns = 0;
  std::string_view venue;
  std::uint32_t connection = 0;
  Tag tag = {};
  FaultKind kind = FaultKind::kDrop;
  int frames = 1;                // messages concerned
  int lost = 0;                  // messages that the client never gets, as far as is known at once
  std::string_view target = {};  // of a request
  std::string_view note = {};
};

// What was injected, as JSON lines; the layout is in the README. Thread-safe. Keeps the last 100,000 lines; the counts
// are complete.
class FaultLog {
 public:
  // `file` may be empty; else every line is also appended there.
  explicit FaultLog(const std::string& file);
  ~FaultLog();
  FaultLog(const FaultLog&) = delete;
  FaultLog& operator=(const FaultLog&) = delete;

  void add(const FaultRecord& record);
  // A line that is no fault, such as the end of a recording: {"t":..,"event":"..",...}.
  void event(std::int64_t time_ns, std::string_view name, std::string_view fields);
  std::string lines() const;
  std::string counts() const;  // {"drop":3,...}

 private:
  void append(std::string line);

  mutable std::mutex mutex_;
  std::vector<std::string> lines_;  // guarded by mutex_, as the rest
  std::map<std::string_view, std::uint64_t> counts_;
  std::uint64_t next_ = 1;
  std::FILE* file_ = nullptr;
};

}  // namespace millrace::sim

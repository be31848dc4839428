#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "replay/history/run_file.h"
#include "replay/history/stream.h"

namespace millrace::history {

// Puts records in their deterministic order: receive time, stream, seq; among records that are equal in these by epoch,
// origin and bytes. Works in rounds: add() until it is full, then hand_over() says up to which time nothing earlier can
// come any more, and next() gives what lies below it. What has to wait and fills more than half of the memory goes to
// disk as a sorted run. Memory is bounded by `memory_bytes` and a read buffer for each run, of which there are at most
// kMostRuns; disk is bounded by what waits. One thread.
class Sorter {
 public:
  static constexpr std::size_t kMostRuns = 256;

  // `streams` must outlive it. `folder`: for the runs; used only if there are any.
  Sorter(StreamTable& streams, std::size_t memory_bytes, std::string folder);
  ~Sorter();

  // Copies the record. False: full, hand over first. A record larger than the whole memory is taken when there is no
  // other.
  bool add(const Record& record);

  // Ends adding: from now on next() gives all records with a time below `below`.
  void hand_over(UnixNanos below);
  // False: there is no more below, and add() takes records again. `out.bytes` is valid until the next call.
  bool next(Record& out);

  std::int64_t bytes_on_disk() const noexcept { return file_.size(); }  // all that was ever written there

 private:
  // What stands before the bytes of a record, in memory and on disk.
  struct Head {
    UnixNanos time;
    std::int64_t seq;
    std::int64_t epoch;
    schemas::PublishTimePlace place;
    std::uint32_t stream;
    std::uint32_t size;
    schemas::Origin origin;
  };
  struct Entry {
    UnixNanos time;
    std::int64_t seq;
    std::uint32_t stream;
    std::uint32_t offset;  // of its head in memory_
  };
  // A record to compare with: of memory or at the front of a run.
  struct Front {
    Head head;
    const char* bytes = nullptr;
  };
  class Run;

  Front at(std::uint32_t offset) const noexcept;
  bool earlier(const Front& a, const Front& b) const noexcept;
  bool earlier(const Entry& a, const Entry& b) const noexcept;
  void sort();
  void choose_run();
  bool pick(Front& out);
  void make_room();
  void compact();
  void spill();
  void merge_runs();
  bool run_after(const Run& a, const Run& b) const noexcept;
  void push_run(std::unique_ptr<Run> run);
  std::unique_ptr<Run> pop_run();

  StreamTable& streams_;
  std::size_t capacity_;
  std::unique_ptr<char[]> memory_;
  std::size_t used_ = 0;
  std::size_t refused_ = 0;  // what the record needs that found no room
  std::vector<Entry> entries_;
  std::size_t handed_ = 0;  // entries before it are gone
  UnixNanos below_ = 0;
  RunFile file_;
  std::vector<std::unique_ptr<Run>> runs_;  // a heap, the earliest front first
  std::unique_ptr<Run> reading_;            // the earliest one, taken out of the heap
  bool given_ = false;                      // its front was handed out
};

}  // namespace millrace::history

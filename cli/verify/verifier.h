#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "cli/verify/report.h"
#include "cli/verify/seen.h"
#include "cli/verify/topic_name.h"

namespace millrace::cli {

// One record as the broker has it; the views live during the call.
struct RawRecord {
  std::string_view topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::string_view key;
  std::string_view value;
  bool resent = false;  // header "mr" says that it may have been sent before
};

struct VerifierOptions {
  std::string prefix;
  std::vector<ExpectedStream> expected;
  std::int64_t from_epoch = 0;              // records of lower epochs are left aside
  std::int64_t grace_ns = 10'000'000'000;   // before a number that only a heartbeat names counts as lost
  std::optional<std::int64_t> books_at_ns;  // also report the books as they were at this receive time
  std::int64_t read_from_ns = 0;            // when reading began; of what sweeps tell later, fills may not be read yet
};

// The independent consumer without its Kafka: takes the records of all topics, each partition in the order of its
// offsets, partitions in any interleaving, and says in the end which promises hold. One thread.
class Verifier {
 public:
  explicit Verifier(VerifierOptions options);
  ~Verifier();

  // A partition that will be read, before anything of it is.
  void on_partition(std::string_view topic, std::int32_t partition);
  void on_record(const RawRecord& record);
  // A partition was read up to (not including) `next_offset`, and there is nothing more for now.
  void on_end(std::string_view topic, std::int32_t partition, std::int64_t next_offset);
  std::int64_t next_offset(std::string_view topic, std::int32_t partition) const;
  // Of every partition everything was read that the broker had at `now_ns` (ns since 1970). The first call says until
  // when silences are judged; without it only what lies before the partition that was read least far.
  void on_all_read(std::int64_t now_ns);
  // Is a stream silent, as far as that is judged? Heartbeats that are still on their way may deny it.
  bool silent() const;

  // Records of numbered streams and heartbeats so far, for a progress line.
  std::int64_t records() const noexcept;

  // Call once, last. `now_ns`: when reading ended.
  Report finish(std::int64_t now_ns);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace millrace::cli

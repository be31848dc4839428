#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/verify/seen.h"
#include "cli/verify/spans.h"

namespace millrace::cli {

// What the numbers of one stream came to.
struct SequenceTally {
  std::int64_t records = 0;
  std::int64_t lost = 0;                    // seqs that are neither there nor covered by a LOCAL mark
  std::int64_t undeclared_gaps = 0;         // holes that nothing declares, in our numbers
  std::int64_t declared_gaps = 0;           // VENUE and LOCAL marks
  std::int64_t duplicates = 0;              // seqs seen before
  std::int64_t unexplained_duplicates = 0;  // of these, not sent again by a recreated producer: a broken promise
  std::int64_t out_of_order = 0;            // first occurrences after a later seq: a broken promise
  std::int64_t fenced = 0;                  // records of an epoch below one that was seen
  std::int64_t staleness_max_ns = 0;
};

// The seqs seen of one epoch.
struct EpochSpan {
  std::int64_t first_seq = 0;
  std::int64_t last_seq = 0;
};

// The numbering of one stream against promises P1 and P2 of the design: dense seqs per epoch, holes covered by LOCAL
// marks, first occurrences in order. Pure; feed it the stream's records in the order of their offsets.
class SequenceCheck {
 public:
  // What a consumer of state makes of a record.
  struct Verdict {
    bool news = false;  // else a repeat, a latecomer or of a lower epoch: to be ignored
    Place place = Place::kFollows;
    std::int64_t missing = 0;  // seqs directly before it
  };

  // `resent`: it carries the header of a record sent again. `whole`: the broker keeps the partition from its beginning.
  Verdict on_record(const SeenMeta& meta, std::int64_t offset, bool resent, bool whole);
  void on_beat(const SeenBeat& beat);
  // Seqs 1 to `last` of the epoch are there and were not handed in; the last of them at most at `offset`.
  void taken(std::int64_t epoch, std::int64_t last, std::int64_t offset);
  // Was a record of this epoch handed in?
  bool began(std::int64_t epoch) const;

  // How far the stream's partition was read, and when reading ended.
  struct End {
    std::optional<std::int64_t> first_offset;  // absent: the partition is empty
    std::int64_t next_offset = 0;
    std::int64_t now_ns = 0;
    std::int64_t grace_ns = 10'000'000'000;
  };
  // Settles what only the end can tell. Call once, last.
  void finish(const End& end);

  const SequenceTally& tally() const noexcept { return tally_; }
  std::map<std::int64_t, EpochSpan> epochs() const;
  // For people, at most a few.
  const std::vector<std::string>& problems() const noexcept { return problems_; }
  bool had_beat() const noexcept { return had_beat_; }

 private:
  struct Hole {
    std::int64_t to = 0;
    std::int64_t found_ns = 0;  // receive time of the record behind it
  };
  struct Declared {
    std::int64_t from, to, time_ns;
  };
  struct Epoch {
    std::optional<std::int64_t> first_seq;
    std::int64_t last_seq = 0;
    std::int64_t last_offset = -1;
    std::map<std::int64_t, Hole> holes;  // by first seq
    std::vector<Declared> declared;
    std::map<std::int64_t, std::int64_t> covered;  // first to last seq of what holes lost to a mark
    Spans resent;                                  // seqs that came with the header
    std::optional<SeenBeat> beat;                  // the latest
  };

  void on_late(Epoch& epoch, const SeenMeta& meta, bool resent);
  void declare(Epoch& epoch, std::int64_t from, std::int64_t to, std::int64_t time_ns);
  static void cover(Epoch& epoch, const Declared& declared);
  static bool was_covered(const Epoch& epoch, std::int64_t seq);
  static bool take_out(Epoch& epoch, std::int64_t seq);
  void settle_beat(std::int64_t number, Epoch& epoch, const End& end);
  void problem(std::string text);

  std::map<std::int64_t, Epoch> epochs_;
  std::optional<std::int64_t> opening_epoch_;  // of the first record, if what came before is not kept
  SequenceTally tally_;
  std::vector<std::string> problems_;
  bool had_beat_ = false;
};

}  // namespace millrace::cli

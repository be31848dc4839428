#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/verify/exact.h"
#include "cli/verify/seen.h"

namespace millrace::cli {

// What checking one book came to.
struct BookTally {
  std::int64_t updates = 0;        // deltas applied
  std::int64_t refreshes = 0;      // refreshes compared, level for level
  std::int64_t checksums = 0;      // checksums computed and compared
  std::int64_t wrong = 0;          // of these, how many differed; and numbers that do not fit
  std::int64_t broken_chains = 0;  // ids of the venue that do not follow each other, with nothing declared
  std::int64_t unfounded = 0;      // deltas where there was no book to apply them to
};

// A book's levels at one moment, best first, as price and quantity.
struct BookLevels {
  using Side = std::vector<std::pair<Exact, Exact>>;
  std::int64_t epoch = 0;  // of the last record in it
  std::int64_t seq = 0;
  Side bids, asks;
};

// One book, rebuilt from the records of its stream by the rules of the schema alone: std::map, one level after the
// other. Only news in order may be handed in (SequenceCheck says which). Pure.
class BookCheck {
 public:
  void on_record(const SeenMeta& meta, const SeenBook& record, Place place);

  bool valid() const noexcept { return state_ == State::kValid; }
  BestPrices best() const;
  // Nullopt while there is no book.
  std::optional<BookLevels> levels() const;
  const BookTally& tally() const noexcept { return tally_; }
  const std::vector<std::string>& problems() const noexcept { return problems_; }

 private:
  // Without a book, deltas wait for the next snapshot; where there should be one, they are wrong.
  enum class State : std::uint8_t { kUnknown, kMissing, kValid };
  using Bids = std::map<std::int64_t, std::int64_t, std::greater<>>;
  using Asks = std::map<std::int64_t, std::int64_t>;

  void on_snapshot(const SeenMeta& meta, const SeenBook& record);
  void on_delta(const SeenMeta& meta, const SeenBook& record);
  bool load(const SeenMeta& meta, const SeenBook& record);
  void compare(const SeenMeta& meta, const Bids& bids, const Asks& asks);
  void check_chain(const SeenMeta& meta, const SeenBook& record);
  void check_checksum(const SeenMeta& meta, const SeenBook& record);
  bool use_exponents(const SeenBook& record);
  bool apply(const SeenBook& record);
  void wrong(const SeenMeta& meta, std::string text);
  void note(const SeenMeta& meta, const std::string& text);

  Bids bids_;
  Asks asks_;
  std::int32_t price_exponent_ = 0;
  std::int32_t quantity_exponent_ = 0;
  State state_ = State::kUnknown;
  std::int64_t epoch_ = 0, seq_ = 0;  // of the last record, as the next
  std::optional<std::int64_t> venue_seq_;
  bool after_snapshot_ = false;  // the next delta may overlap it
  BookTally tally_;
  std::vector<std::string> problems_;
};

}  // namespace millrace::cli

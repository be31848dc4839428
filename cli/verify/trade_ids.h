#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/verify/seen.h"

namespace millrace::cli {

// What a venue's documentation lets one conclude from the ids of a stream's trades.
enum class IdRule : std::uint8_t {
  kNone,    // nothing
  kRising,  // an id is there once, a later trade has a higher one; ids may be used up by what is no trade
  kDense,   // and each is one above the last: a jump is a loss
};
IdRule id_rule(std::string_view venue, std::string_view dataset) noexcept;

// What the ids of one stream came to.
struct IdTally {
  std::int64_t holes = 0;    // trades that the venue counted and nothing declares
  std::int64_t repeats = 0;  // trades that are there again
};

// The venue's trade ids of one stream: what lies between two neighbours must be declared by a VENUE mark with these ids
// on the second, or be among our own numbers that are missing there. Only news in order may be handed in (SequenceCheck
// says which). Pure.
class TradeIds {
 public:
  // `missing`: seqs of ours that are missing directly before the record.
  void on_record(const SeenMeta& meta, const SeenTrade& trade, IdRule rule, Place place, std::int64_t missing);

  const IdTally& tally() const noexcept { return tally_; }
  const std::vector<std::string>& problems() const noexcept { return problems_; }

 private:
  void check(const SeenMeta& meta, std::int64_t last, std::int64_t id, IdRule rule, std::int64_t missing);
  void problem(const SeenMeta& meta, const std::string& text);

  std::optional<std::int64_t> last_;
  IdTally tally_;
  std::vector<std::string> problems_;
};

}  // namespace millrace::cli

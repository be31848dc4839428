#pragma once

#include <array>
#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "normalize/book/book.h"
#include "normalize/book/book_audit.h"
#include "replay/history/sha256.h"
#include "schemas/events/market.h"

namespace millrace::cli {

// Counts and hashes of one book's messages, from a venue's audit: the outcomes of BookOutcome, the best prices after
// each change as one SHA-256, and the ten best levels at the end. What recordings are checked against.
class BookFacts {
 public:
  void add(const normalize::BookAudit::Event& event);
  boost::json::object json() const;

  // Best prices after the applied update of this id; null if there was none. Valid until the next add().
  const schemas::Bbo* after_update(std::int64_t id) const;

 private:
  struct Final {
    std::vector<std::array<std::string, 2>> bids, asks;
    std::size_t bid_levels = 0, ask_levels = 0;
    std::optional<std::int64_t> last_id;
  };

  void changed(const normalize::BookAudit::Event& event, bool snapshot);

  std::int64_t snapshots_ = 0, updates_ = 0, applied_ = 0, in_buffer_ = 0, stale_ = 0, no_snapshot_ = 0, invalid_ = 0;
  std::int64_t duplicates_ = 0, gaps_ = 0, checksums_ok_ = 0, checksums_bad_ = 0, crossed_ = 0;
  std::int64_t bbo_changes_ = 0, bbo_changes_all_ = 0;
  std::string bbo_line_;  // the last one that was hashed
  history::Sha256 bbo_sha256_;
  std::optional<Final> final_;  // absent while the book is not valid
  std::unordered_map<std::int64_t, schemas::Bbo> by_update_;
};

}  // namespace millrace::cli

#pragma once

#include <cstdint>
#include <optional>

#include "normalize/symbols/instrument_table.h"

namespace millrace::normalize {

class Book;

// What became of one book message. The words are those of the facts files.
enum class BookOutcome : std::uint8_t {
  kSnapshot,     // loaded
  kApplied,      // changed the book
  kBadChecksum,  // applied, then found wrong: the book is invalid from here on
  kStale,        // dropped: the snapshot contains it
  kNoSnapshot,   // dropped: no snapshot yet
  kInvalid,      // dropped: after a gap or bad checksum, until the next snapshot
  kDuplicate,    // dropped: the previous update id again
  kGap,          // the chain broke here; the frame that showed it is told of once more, as what became of it
};

// Hears of every book message that a venue decodes; used by `normalize --summary` and tests, absent live.
class BookAudit {
 public:
  virtual ~BookAudit() = default;

  // `book` is the state after the message. `in_buffer`: an update that had arrived before its snapshot, replayed now.
  // `checksum_ok` is set where the venue sent a checksum that was compared. `last_id` is the venue's update id.
  struct Event {
    InstrumentId instrument;
    BookOutcome outcome;
    const Book* book = nullptr;
    bool in_buffer = false;
    std::optional<bool> checksum_ok;
    std::optional<std::int64_t> last_id;
  };
  // Called on the venue's thread while the message is handled; `book` is valid during the call and must not be kept.
  virtual void on_book_message(const Event& event) = 0;
};

}  // namespace millrace::normalize

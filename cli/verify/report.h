#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/verify/account/account_tally.h"
#include "cli/verify/book_check.h"
#include "cli/verify/sequence_check.h"

namespace millrace::cli {

// A stream that must be there: its venue's symbol, our instrument or the account, in any case of letters.
struct ExpectedStream {
  std::string venue, dataset, symbol;
};

// What became of one stream. Of an account's it is the account that `instrument` names.
struct StreamReport {
  std::string venue, dataset, instrument, symbol;
  SequenceTally sequence;
  std::map<std::int64_t, EpochSpan> epochs;
  bool had_beat = false;
  BookTally book;           // datasets "book" only
  std::int64_t quotes = 0;  // comparisons with the venue's quote channel
  std::int64_t wrong_quotes = 0;
  std::int64_t silences = 0;            // too long without record and heartbeat
  std::optional<BookLevels> as_of;      // the book at VerifierOptions::books_at_ns
  std::optional<AccountTally> account;  // datasets of accounts only
  std::vector<std::string> problems;

  bool is_book() const { return dataset == "book"; }
  std::int64_t checks() const { return account ? account->checks : book.refreshes + book.checksums + quotes; }
  std::int64_t wrong() const { return account ? account->wrong : book.wrong + wrong_quotes; }
  // A book with updates that nothing proved.
  bool unchecked() const { return is_book() && book.updates > 0 && checks() == 0; }
};

// The outcome of `millrace verify`.
struct Report {
  std::vector<StreamReport> streams;
  std::vector<std::string> missing;  // "venue/dataset/symbol" expected, with neither record nor heartbeat
  std::int64_t undecodable = 0;      // records that protoc's code does not read
  std::int64_t misplaced = 0;        // with another key or venue than their topic's, or on a second partition
  std::int64_t resent = 0;           // with the header of a record sent again
  std::int64_t heartbeats = 0;
  std::int64_t ids_forgotten = 0;  // event_ids and orders of accounts that no longer fitted: not judged any more
  std::int64_t orders_forgotten = 0;
  std::vector<std::string> problems;  // that are no stream's

  // The sum over all streams.
  SequenceTally total() const;
  std::int64_t books_checked() const;
  std::int64_t books_wrong() const;
  std::int64_t books_unchecked() const;
  std::int64_t account_errors() const;
  std::int64_t silences() const;
  // Does every promise hold?
  bool ok() const;

  std::string to_json() const;
  // The final table: a line per venue and dataset, or per stream; then what is wrong, and the verdict.
  std::string to_table(bool per_stream) const;
};

}  // namespace millrace::cli

#pragma once

#include <map>
#include <string>

#include "normalize/account/account_adapter.h"

namespace millrace::normalize::coinbase {

// What one account (one currency) holds, as the venue tells it.
struct BalanceRow {
  std::string id;  // of the account at the venue
  std::string asset;
  std::string wallet;
  schemas::WideDecimal available, locked;
  std::optional<UnixNanos> venue_time, send_time;
  bool bad_time = false;
};

// The balances of one login as last told. The venue's lists name every currency each time, zeros among them, so that
// only what is news is published. A row that the stream changed after a list was asked for is newer than the list's.
class BalanceBook {
 public:
  // A list or a stream begins anew: all of it is news.
  void forget() { told_.clear(); }

  // A row of a list that is as of `as_of` or later. Left out if the stream has told this account since then.
  void tell_listed(const BalanceRow& row, UnixNanos as_of, AccountSink& out);
  // A row of the stream.
  void tell_changed(const BalanceRow& row, UnixNanos now, AccountSink& out);

 private:
  struct Told {
    schemas::WideDecimal available, locked;
    UnixNanos streamed = 0;
  };
  // Remembers it. False: it is what was told already.
  bool is_news(const BalanceRow& row);

  std::map<std::string, Told, std::less<>> told_;  // by id and asset; as many as the venue has currencies
};

}  // namespace millrace::normalize::coinbase

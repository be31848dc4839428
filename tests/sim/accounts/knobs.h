#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::sim::accounts {

// What an account's venue does wrong, and how lively the account is. Chances are 0..1, decided by the face's seed;
// times in ns. May be changed at any time between two calls of the face. All off is a venue that keeps its word.
struct Knobs {
  double rate = 0;        // activities a second that the account makes of itself (orders, fills, deposits); 0 = none
  double only_fills = 0;  // 1 = each of them is one fill

  double burst = 0;  // chance of an activity to be 300 fills of one order in one millisecond
  double bust = 0;   // and to make an earlier fill void, where the venue can

  // The stream. Answers to what a client says, and snapshots, are never touched.
  double drop = 0;       // a message is lost after the venue has numbered it
  double lose = 0;       // the stream never hears of an event: no number of the venue shows it
  double duplicate = 0;  // a message comes twice, number and all
  double reorder = 0;    // a message comes after its successor
  double cut = 0;        // instead of a message: the connection ends inside a frame, and the message is lost
  double silent = 0;     // 1 = connections stay up, but nothing is sent and nothing answered

  // REST. `rest_lag_ns` after a fill, and up to rest_lag_spread_ns more (by chance, for each fill), it is in the fill
  // history; orders and balances are told at once.
  std::int64_t rest_lag_ns = 0;
  std::int64_t rest_lag_spread_ns = 0;
  std::int64_t page_size = 0;  // rows a page at most; 0 = the venue's own. A client that may take a short page for the
                               // last one (Binance, Alpaca) is given no shorter one than it asked for
  double between_pages = 0;    // after a page: one more fill, at once
  double status_401 = 0;
  double status_403 = 0;
  double status_429 = 0;           // with Retry-After where the venue sends it
  std::int64_t retry_after_s = 1;  // in that header
  double status_500 = 0;
  double status_503 = 0;
  double html_200 = 0;   // an HTML page with status 200
  double cut_page = 0;   // the connection ends in the middle of the body
  double torn_page = 0;  // half the body, and no sign of it but the JSON

  std::int64_t clock_skew_ns = 0;    // the venue's clock minus ours
  std::int64_t token_life_ns = 0;    // 0 = the venue's own
  std::int64_t key_revoked = 0;      // bits: 1 = the first API key is not known any more, 2 = the second
  std::int64_t address_refused = 0;  // 1 = requests come from an address that the key does not allow
  std::int64_t limits = 1;           // 0 = the venue's request budget is not kept
};

// Sets one by its name; false if there is none of that name or the value is out of its range.
bool set_knob(Knobs& knobs, std::string_view name, double value);
// {"rate":5,"drop":0.1,...}: all of them.
std::string to_json(const Knobs& knobs);

}  // namespace millrace::sim::accounts

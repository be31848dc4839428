#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/support/venue_harness.h"

// Reading recordings and their facts, and feeding them to a venue.
namespace millrace::test {

struct CaptureLine {
  UnixNanos time = 0;
  bool rest = false;
  std::string request;  // REST only
  std::string text;
};

struct TradeFacts {
  std::string channel;
  std::int64_t count = 0, first_id = 0, last_id = 0, buys = 0, sells = 0;
  std::string quantity_sum, price_quantity_sum;
};

// What a correct reader must find for one symbol; see the README of the captures.
struct BookFacts {
  std::int64_t snapshots = 0, updates = 0, applied = 0, in_buffer = 0, stale = 0, no_snapshot = 0, invalid = 0;
  std::int64_t duplicates = 0, gaps = 0, crossed = 0, bbo_changes_all = 0, last_id = 0;
  std::string bbo_sha256;
  std::vector<std::pair<std::string, std::string>> bids, asks;  // ten best, plain decimals
  std::vector<std::int64_t> levels;                             // bids, asks
  bool has_final = false;
};
struct SymbolFacts {
  bool has_book = false;
  BookFacts book;
  std::vector<TradeFacts> trades;
  std::int64_t quotes = -1;
};

struct Capture {
  std::string venue;
  std::filesystem::path path;
  std::vector<CaptureLine> lines;
  std::map<std::string, SymbolFacts> facts;
};

// Every recording of Binance's venues; empty if the captures are not there.
std::vector<Capture> binance_captures();

// Feeds one line to a connection of the harness, at the time of the recording.
normalize::Result<void> feed_line(VenueHarness& harness, const CaptureLine& line);

// Kinds of frames, told by a glance at the text.
bool is_depth(const CaptureLine& line);

}  // namespace millrace::test

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/market/instrument.h"
#include "tests/sim/venues/venue.h"

namespace millrace::sim {

// One message that the venue sent, as recorded.
struct RecordedLine {
  std::int64_t time_ns = 0;  // 0 = not recorded
  Channel channel = Channel::kControl;
  std::string symbol;     // as in payloads; empty if the message has none
  std::string detail;     // Binance: what follows '@' in the stream's name; Kraken: interval of a bar
  bool rest = false;      // a REST answer
  bool snapshot = false;  // Kraken: type is snapshot; REST: a depth answer
  std::int64_t first_id = 0, last_id = 0;
  std::string text;  // the payload, as it was on the wire
};

// A capture file in memory (layout: captures/README.md), `.zst` or plain.
struct Recording {
  std::vector<RecordedLine> lines;           // what the venue sent; what the client sent is left out
  std::map<std::string, int> kraken_depths;  // by symbol, from acks, else from the first snapshot
  std::vector<Instrument> instruments;       // as far as the messages tell: the most decimals seen
};

// Reads a capture of `venue`. Throws std::runtime_error with the line if the file cannot be read.
Recording load_recording(const std::string& file, std::string_view venue);

// Names of the datasets in it: "book", "candle-1m", ...
std::vector<std::string> datasets(const Recording& recording);

// The instruments of an AssetPairs or exchangeInfo body, or of Kraken's instrument frame. Throws std::runtime_error if
// it is none.
std::vector<Instrument> parse_instruments(std::string_view body, std::string_view venue);

// The whole file as text; decompressed if its name ends in .zst. Throws std::runtime_error.
std::string read_text_file(const std::string& file);

}  // namespace millrace::sim

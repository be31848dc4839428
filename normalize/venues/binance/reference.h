#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "normalize/error.h"
#include "normalize/json/json_parser.h"
#include "normalize/symbols/instrument_table.h"
#include "normalize/venues/binance/venue_config.h"

// exchangeInfo: what is traded, at which tick and step.
namespace millrace::normalize::binance {

// One instrument as the venue describes it, under our name. Owns its texts.
struct Listing {
  std::string symbol;
  std::string instrument;  // BASE-QUOTE, -PERP, -YYYYMMDD
  schemas::Instrument body;
};

// Reads a whole exchangeInfo answer or nothing (padded like a frame; some megabytes for all of spot). The place of an
// error names the row: "symbols[17].filters". Errors: those of a broken body, kMissingField for a row without its
// names.
Result<std::vector<Listing>> read_exchange_info(JsonParser& parser, std::string_view text);

// Puts a listing into the table; false if the table already says the same, so that an answer read again publishes only
// what changed. `id` is set in both cases.
bool store_listing(Listing listing, InstrumentTable& table, InstrumentId& id);

}  // namespace millrace::normalize::binance

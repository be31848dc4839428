// Files that the simulator is given: text, compressed or not, and the venues' instrument lists.
#include <fmt/format.h>
#include <simdjson.h>
#include <zstd.h>

#include <array>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>

#include "tests/sim/capture/recording.h"
#include "tests/sim/market/number.h"

namespace millrace::sim {

namespace {

using simdjson::SUCCESS;
using simdjson::dom::element;

std::string decompressed(const std::string& packed, const std::string& file) {
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(), &ZSTD_freeDCtx);
  std::string text;
  std::array<char, 1U << 16U> part;
  ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  while (in.pos < in.size) {
    ZSTD_outBuffer out{part.data(), part.size(), 0};
    const std::size_t result = ZSTD_decompressStream(context.get(), &out, &in);
    if (ZSTD_isError(result) != 0U) throw std::runtime_error(file + ": " + ZSTD_getErrorName(result));
    text.append(part.data(), out.pos);
  }
  return text;
}

std::string_view required_text(const element& object, std::string_view key) {
  std::string_view text;
  if (object[key].get(text) != SUCCESS) throw std::runtime_error(fmt::format("instruments: \"{}\" is missing", key));
  return text;
}

int required_number(const element& object, std::string_view key) {
  std::int64_t number = 0;
  if (object[key].get(number) != SUCCESS) throw std::runtime_error(fmt::format("instruments: \"{}\" is missing", key));
  return static_cast<int>(number);
}

// "XBT/USD" -> "BTC/USD": WebSocket names have the new spelling.
std::string new_spelling(std::string_view asset) {
  if (asset == "XBT") return "BTC";
  if (asset == "XDG") return "DOGE";
  return std::string(asset);
}

Instrument from_asset_pair(const element& pair) {
  Instrument one;
  const std::string_view wsname = required_text(pair, "wsname");
  const auto slash = wsname.find('/');
  one.base = new_spelling(wsname.substr(0, slash));
  one.quote = new_spelling(slash == std::string_view::npos ? std::string_view{} : wsname.substr(slash + 1));
  one.symbol = one.base + "/" + one.quote;
  one.price_decimals = required_number(pair, "pair_decimals");
  one.quantity_decimals = required_number(pair, "lot_decimals");
  return one;
}

Instrument from_instrument_row(const element& pair) {
  Instrument one;
  one.symbol = required_text(pair, "symbol");
  one.base = required_text(pair, "base");
  one.quote = required_text(pair, "quote");
  one.price_decimals = required_number(pair, "price_precision");
  one.quantity_decimals = required_number(pair, "qty_precision");
  return one;
}

// "0.01000000" -> 2: an increment's decimals without trailing zeros.
int increment_decimals(std::string_view increment) {
  while (increment.find('.') != std::string_view::npos && increment.ends_with('0')) increment.remove_suffix(1);
  return decimals_in(increment);
}

Instrument from_symbol_row(const element& row) {
  Instrument one;
  one.symbol = required_text(row, "symbol");
  one.base = required_text(row, "baseAsset");
  one.quote = required_text(row, "quoteAsset");
  one.price_decimals = one.quantity_decimals = 8;
  simdjson::dom::array filters;
  if (row["filters"].get(filters) != SUCCESS) return one;
  for (const auto filter : filters) {
    std::string_view increment;
    if (filter["tickSize"].get(increment) == SUCCESS) one.price_decimals = increment_decimals(increment);
    const bool lot = required_text(filter, "filterType") == "LOT_SIZE";
    if (lot && filter["stepSize"].get(increment) == SUCCESS) one.quantity_decimals = increment_decimals(increment);
  }
  return one;
}

}  // namespace

std::string read_text_file(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw std::runtime_error("cannot read " + file);
  std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  return file.ends_with(".zst") ? decompressed(text, file) : text;
}

std::vector<Instrument> parse_instruments(std::string_view body, std::string_view venue) {
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(body.data(), body.size()).get(root) != SUCCESS) throw std::runtime_error("instruments: not JSON");
  std::vector<Instrument> all;
  simdjson::dom::object pairs;
  simdjson::dom::array rows;
  if (venue == "kraken" && root["result"].get(pairs) == SUCCESS) {
    for (const auto pair : pairs) all.push_back(from_asset_pair(pair.value));
  } else if (venue == "kraken" && root["data"]["pairs"].get(rows) == SUCCESS) {
    for (const auto row : rows) all.push_back(from_instrument_row(row));
  } else if (venue != "kraken" && root["symbols"].get(rows) == SUCCESS) {
    for (const auto row : rows) all.push_back(from_symbol_row(row));
  } else {
    throw std::runtime_error(fmt::format("instruments: not a list of {}", venue));
  }
  return all;
}

}  // namespace millrace::sim

#include "tests/unit/normalize/venues/binance/capture.h"

#include <simdjson.h>

#include <fstream>

namespace millrace::test {
namespace {

namespace fs = std::filesystem;
namespace dom = simdjson::dom;

std::string text_of(dom::element value) {
  if (value.is_string()) return std::string(std::string_view(value));
  return simdjson::minify(value);
}

std::vector<CaptureLine> read_lines(const fs::path& path) {
  std::vector<CaptureLine> lines;
  std::ifstream file(path);
  dom::parser parser;
  for (std::string row; std::getline(file, row);) {
    const dom::element line = parser.parse(row);
    if (std::string_view(line["dir"]) != "in") continue;
    CaptureLine& out = lines.emplace_back();
    out.time = std::int64_t(line["t"]);
    out.rest = std::string_view(line["via"]) == "rest";
    if (out.rest) out.request = std::string_view(line["req"]);
    out.text = std::string_view(line["text"]);
  }
  return lines;
}

BookFacts read_book(dom::element book) {
  BookFacts out;
  out.snapshots = book["snapshots"];
  out.updates = book["updates"];
  out.applied = book["applied"];
  out.in_buffer = book["in_buffer"];
  out.stale = book["stale"]["count"];
  out.no_snapshot = book["no_snapshot"];
  out.invalid = book["invalid"];
  out.duplicates = book["duplicates"];
  out.gaps = book["gaps"]["count"];
  out.crossed = book["crossed"];
  out.bbo_changes_all = book["bbo_changes_all"];
  out.bbo_sha256 = std::string_view(book["bbo_sha256"]);
  const dom::element last = book["final"];
  out.has_final = !last.is_null();
  if (!out.has_final) return out;
  for (const auto row : dom::array(last["bids"])) out.bids.emplace_back(text_of(row.at(0)), text_of(row.at(1)));
  for (const auto row : dom::array(last["asks"])) out.asks.emplace_back(text_of(row.at(0)), text_of(row.at(1)));
  for (const auto count : dom::array(last["levels"])) out.levels.push_back(std::int64_t(count));
  out.last_id = last["last_id"];
  return out;
}

TradeFacts read_trades(dom::element trades) {
  TradeFacts out;
  out.channel = std::string_view(trades["channel"]);
  const dom::element live = trades["live"];
  out.count = live["count"];
  out.quantity_sum = text_of(live["qty_sum"]);
  out.price_quantity_sum = text_of(live["price_qty_sum"]);
  out.first_id = live["first_id"];
  out.last_id = live["last_id"];
  out.buys = live["buys"];
  out.sells = live["sells"];
  return out;
}

std::map<std::string, SymbolFacts> read_facts(const fs::path& path) {
  std::map<std::string, SymbolFacts> out;
  dom::parser parser;
  const dom::element facts = parser.load(path.string());
  for (const auto [symbol, found] : dom::object(facts["instruments"])) {
    SymbolFacts& one = out[std::string(symbol)];
    dom::element part;
    if (found["book"].get(part) == simdjson::SUCCESS) {
      one.has_book = true;
      one.book = read_book(part);
    }
    if (found["trades"].get(part) == simdjson::SUCCESS) {
      for (const auto trades : dom::array(part)) one.trades.push_back(read_trades(trades));
    }
    if (found["quotes"].get(part) == simdjson::SUCCESS) one.quotes = std::int64_t(part.at(0)["count"]);
  }
  return out;
}

}  // namespace

std::vector<Capture> binance_captures() {
  const std::pair<const char*, const char*> folders[] = {
      {"binance", "binance-spot"}, {"binance_usdm", "binance-usdm"}, {"binance_coinm", "binance-coinm"}};
  std::vector<Capture> out;
  for (const auto& [folder, venue] : folders) {
    const fs::path root = fs::path(MILLRACE_SOURCE_DIR) / "../shared/captures" / folder;
    if (!fs::exists(root)) continue;
    for (const auto& entry : fs::directory_iterator(root)) {
      const std::string name = entry.path().filename();
      constexpr std::string_view kSuffix = ".capture.jsonl";
      if (!name.ends_with(kSuffix)) continue;
      const std::string stem = name.substr(0, name.size() - kSuffix.size());
      out.push_back({venue, entry.path(), read_lines(entry.path()), read_facts(root / (stem + ".facts.json"))});
    }
  }
  return out;
}

normalize::Result<void> feed_line(VenueHarness& harness, const CaptureLine& line) {
  harness.now = line.time - 1'000'000;  // the harness adds a millisecond
  return line.rest ? harness.answer(line.request, line.text) : harness.feed(line.text);
}

bool is_depth(const CaptureLine& line) { return !line.rest && line.text.find("\"depthUpdate\"") != std::string::npos; }

}  // namespace millrace::test

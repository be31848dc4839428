#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <filesystem>
#include <utility>

#include "cli/normalize/run_normalize.h"
#include "tests/unit/cli/normalize/proto_reader.h"
#include "tests/unit/cli/normalize/rebuilt.h"
#include "tests/unit/ingest/record/support.h"

// What the facts files say of the recordings, computed from `normalize --proto` output alone.
namespace millrace::cli::test {
namespace {

using boost::json::value;
using testing::IsEmpty;

const std::filesystem::path kCaptures{MILLRACE_SOURCE_DIR "/../shared/captures"};

std::string text_of(const value& json) { return std::string{json.as_string()}; }
std::int64_t count_of(const value& json) { return json.to_number<std::int64_t>(); }

std::string normalized(const std::string& venue_name, const std::string& capture, NormalizeFormat format) {
  const auto venue = normalize::make_venue(venue_name, {});
  if (!venue) throw std::invalid_argument{venue_name};
  NormalizeOptions options;
  options.captures = {capture};
  options.format = format;
  std::string out;
  run_normalize(
      options, *venue, [&](std::string_view bytes) { out += bytes; }, [](std::string_view) {});
  return out;
}

template <class Side>
void expect_best(const value& rows, const Side& side) {
  auto level = side.begin();
  for (const value& row : rows.as_array()) {
    ASSERT_NE(level, side.end());
    EXPECT_EQ(scaled(text_of(row.at(0))), level->first);
    EXPECT_EQ(scaled(text_of(row.at(1))), level->second);
    ++level;
  }
}

void expect_final(const value& facts, const RebuiltBook& book) {
  expect_best(facts.at("bids"), book.bids);
  expect_best(facts.at("asks"), book.asks);
  EXPECT_EQ(count_of(facts.at("levels").at(0)), static_cast<std::int64_t>(book.bids.size()));
  EXPECT_EQ(count_of(facts.at("levels").at(1)), static_cast<std::int64_t>(book.asks.size()));
  if (const value* id = facts.as_object().if_contains("last_id")) {
    EXPECT_EQ(count_of(*id), book.last_id);
  }
}

// Of a frame that failed its checksum nothing is published, although the facts count it as applied.
void expect_book(const value& facts, const RebuiltBook& book) {
  const value* checksum = facts.as_object().if_contains("checksum");
  const std::int64_t bad = checksum ? count_of(checksum->at("bad")) : 0;
  EXPECT_EQ(count_of(facts.at("snapshots")), book.snapshots);
  EXPECT_EQ(count_of(facts.at("applied")) - bad, book.deltas);
  if (bad > 0) {
    EXPECT_EQ(book.crossed, 0);
    return;
  }
  EXPECT_EQ(count_of(facts.at("crossed")), book.crossed);
  EXPECT_EQ(count_of(facts.at("bbo_changes")), book.bbo_changes);
  EXPECT_EQ(count_of(facts.at("bbo_changes_all")), book.bbo_changes_all);
  EXPECT_EQ(text_of(facts.at("bbo_sha256")), book.bbo_sha256.hex());
  expect_final(facts.at("final"), book);
}

// The facts name the venue's channel, the records our dataset; a recording has one of each kind.
void expect_trades(const value& facts, const std::map<std::string, RebuiltTrades>& channels) {
  ASSERT_EQ(facts.as_array().size(), channels.size());
  const value& live = facts.at(0).at("live");
  const RebuiltTrades& trades = channels.begin()->second;
  EXPECT_EQ(count_of(live.at("count")), trades.count);
  EXPECT_EQ(scaled(text_of(live.at("qty_sum"))), trades.quantity);
  EXPECT_EQ(scaled(text_of(live.at("price_qty_sum"))) * scaled(1, 0), trades.value);
  EXPECT_EQ(std::to_string(count_of(live.at("first_id"))), trades.first_id);
  EXPECT_EQ(std::to_string(count_of(live.at("last_id"))), trades.last_id);
  EXPECT_EQ(count_of(live.at("buys")), trades.buys);
  EXPECT_EQ(count_of(live.at("sells")), trades.sells);
}

void expect_symbol(const value& facts, RebuiltSymbol& symbol) {
  const auto& object = facts.as_object();
  if (const value* book = object.if_contains("book")) expect_book(*book, symbol.book);
  if (const value* trades = object.if_contains("trades")) expect_trades(*trades, symbol.trades);
  if (const value* quotes = object.if_contains("quotes")) {
    EXPECT_EQ(count_of(quotes->at(0).at("count")), symbol.quotes["bbo"]);
  }
}

void expect_folder(const std::string& folder, const std::string& venue) {
  int compared = 0;
  for (const auto& entry : std::filesystem::directory_iterator{kCaptures / folder}) {
    if (!entry.path().string().ends_with(".facts.json")) continue;
    const value facts = boost::json::parse(ingest::test::slurp(entry.path()));
    const std::string capture = entry.path().parent_path() / text_of(facts.at("capture"));
    SCOPED_TRACE(capture);
    const std::string bytes = normalized(venue, capture, NormalizeFormat::kProto);
    auto symbols = rebuild(read_records(bytes));
    for (const auto& [name, expected] : facts.at("instruments").as_object()) {
      SCOPED_TRACE(std::string{name});
      expect_symbol(expected, symbols[std::string{name}]);
      ++compared;
    }
    EXPECT_TRUE(bytes == normalized(venue, capture, NormalizeFormat::kProto)) << "not the same bytes twice";
    EXPECT_TRUE(normalized(venue, capture, NormalizeFormat::kJson) ==
                normalized(venue, capture, NormalizeFormat::kJson))
        << "not the same lines twice";
  }
  EXPECT_GT(compared, 0);
}

// Recording folder and the venue whose messages are in it.
class ProtoFacts : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(ProtoFacts, FollowFromTheRecordsAlone) {
  if (!std::filesystem::exists(kCaptures)) GTEST_SKIP() << "no recordings at " << kCaptures;
  expect_folder(GetParam().first, GetParam().second);
}

INSTANTIATE_TEST_SUITE_P(Recordings, ProtoFacts,
                         testing::Values(std::pair{"kraken", "kraken"}, std::pair{"binance", "binance-spot"},
                                         std::pair{"binance_usdm", "binance-usdm"},
                                         std::pair{"binance_coinm", "binance-coinm"}),
                         [](const auto& recording) { return std::string{recording.param.first}; });

TEST(Rebuilt, NumbersKeepTheirValueAndLoseTheirZeros) {
  EXPECT_EQ(plain(scaled("0.0500")), "0.05");
  EXPECT_EQ(plain(scaled("61836")), "61836");
  EXPECT_EQ(plain(scaled("0")), "0");
  EXPECT_EQ(scaled("61837.63"), scaled(6183763, -2));
  EXPECT_EQ(scaled("00.10"), scaled(1, -1));
}

}  // namespace
}  // namespace millrace::cli::test

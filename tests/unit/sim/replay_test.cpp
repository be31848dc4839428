// Recordings of our own making, in the layout of captures/README.md.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>
#include <filesystem>
#include <fstream>

#include "tests/sim/venues/binance_replay.h"
#include "tests/sim/venues/kraken_replay.h"
#include "tests/unit/sim/support.h"

namespace millrace::sim {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::int64_t kMilli = 1'000'000;

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) out.append(c == '"' ? "\\\"" : std::string(1, c));
  return out;
}

// A capture file that goes away with the test.
class CaptureFile {
 public:
  CaptureFile() : path_(testing::TempDir() + "sim_replay_" + std::to_string(getpid()) + ".jsonl") {}
  ~CaptureFile() { std::filesystem::remove(path_); }
  CaptureFile(const CaptureFile&) = delete;
  CaptureFile& operator=(const CaptureFile&) = delete;

  CaptureFile& ws(std::int64_t ms, std::string_view text) {
    lines_ += fmt::format(R"({{"t":{},"dir":"in","via":"ws","conn":"public-1","text":"{}"}})", 1 + ms * kMilli,
                          escaped(text)) +
              "\n";
    return *this;
  }
  CaptureFile& depth(std::int64_t ms, std::string_view symbol, std::string_view body) {
    lines_ +=
        fmt::format(R"({{"t":{},"dir":"in","via":"rest","conn":"rest","req":"GET /api/v3/depth?symbol={}&limit=10",)"
                    R"("status":200,"text":"{}"}})",
                    1 + ms * kMilli, symbol, escaped(body)) +
        "\n";
    return *this;
  }
  Recording load(std::string_view venue) {
    std::ofstream(path_) << lines_;
    return load_recording(path_, venue);
  }

 private:
  std::string path_;
  std::string lines_;
};

std::string update(int first, int last, std::string_view price) {
  return fmt::format(R"({{"stream":"btcusdt@depth@0ms","data":{{"e":"depthUpdate","s":"BTCUSDT","U":{},"u":{},)"
                     R"("b":[["{}","2.50"]],"a":[]}}}})",
                     first, last, price);
}

class SimBinanceReplay : public testing::Test {
 protected:
  SimBinanceReplay() {
    CaptureFile file;
    file.ws(0, update(1, 2, "9.0"))
        .depth(1, "BTCUSDT", R"({"lastUpdateId":2,"bids":[["9.0","1"]],"asks":[["9.5","1"]]})");
    recording_ = file.ws(2, update(3, 3, "9.125")).ws(500, update(4, 5, "9.0")).load("binance-spot");
  }

  BinanceReplay& start(double speed) {
    auto instruments = recording_.instruments;
    venue_ =
        std::make_unique<BinanceReplay>(binance::Product::kSpot, std::move(instruments),
                                        Playback(recording_, speed, 10'000 * kMilli), Limits{}, inbox_.clock(), inbox_);
    return *venue_;
  }

  // Update ids that the client has been sent since the last call.
  std::vector<std::int64_t> updates() {
    std::vector<std::int64_t> ids;
    for (const std::string& text : inbox_.take(1)) {
      if (text.find("depthUpdate") != std::string::npos) ids.push_back(number_after(text, "u"));
    }
    return ids;
  }

  Inbox inbox_;
  Recording recording_;
  std::unique_ptr<BinanceReplay> venue_;
};

TEST_F(SimBinanceReplay, LearnsTheMostDecimalsSeen) {
  ASSERT_EQ(recording_.instruments.size(), 1U);
  EXPECT_EQ(recording_.instruments[0].price_decimals, 3);
  EXPECT_EQ(recording_.instruments[0].quantity_decimals, 2);
  EXPECT_EQ(recording_.instruments[0].quote, "USDT");
}

TEST_F(SimBinanceReplay, HoldsASnapshotUntilWhatPrecedesItIsSent) {
  auto& venue = start(1);
  HttpAnswer answer;
  answer.status = 0;
  venue.on_open(1, "/stream", "streams=btcusdt@depth@100ms");
  venue.on_http({"GET", "/api/v3/depth", "symbol=BTCUSDT"}, [&](HttpAnswer reply) { answer = std::move(reply); });
  EXPECT_EQ(answer.status, 0);
  venue.play();
  EXPECT_THAT(updates(), ElementsAre(2));
  EXPECT_EQ(answer.status, 0);
  inbox_.now_ns += 2 * kMilli;
  venue.play();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"lastUpdateId":2,"bids":[["9.0","1"]],"asks":[["9.5","1"]]})") << "as recorded";
  EXPECT_THAT(updates(), ElementsAre(3));
}

TEST_F(SimBinanceReplay, WaitsAtTheSnapshotForTheRequest) {
  auto& venue = start(0);
  venue.on_open(1, "/stream", "streams=btcusdt@depth@100ms");
  for (int i = 0; i < 5; ++i) venue.play();
  EXPECT_THAT(updates(), ElementsAre(2));
  EXPECT_EQ(ask(venue, "/api/v3/depth?symbol=BTCUSDT").status, 0);
  EXPECT_EQ(venue.play(), PlayState::kEnded);
  EXPECT_THAT(updates(), ElementsAre(3, 5));
}

TEST_F(SimBinanceReplay, GoesOnWithoutTheRequestAfterAWhileAndAnswersItLate) {
  auto& venue = start(0);
  venue.on_open(1, "/stream", "streams=btcusdt@depth@100ms");
  venue.play();
  inbox_.now_ns += 6'000 * kMilli;
  EXPECT_EQ(venue.play(), PlayState::kEnded);
  EXPECT_EQ(number_after(ask(venue, "/api/v3/depth?symbol=BTCUSDT").body, "lastUpdateId"), 2);
  const HttpAnswer later = ask(venue, "/api/v3/depth?symbol=BTCUSDT");
  EXPECT_EQ(number_after(later.body, "lastUpdateId"), 5) << "the book as the recording moved it";
  EXPECT_THAT(later.body, HasSubstr(R"("bids":[["9.12500000","2.50000000"],["9.00000000","2.50000000"]])"));
}

TEST_F(SimBinanceReplay, BeginsAtTheDeadlineIfAStreamIsNeverWanted) {
  auto& venue = start(1);
  venue.on_open(1, "/stream", "streams=btcusdt@trade");
  venue.play();
  inbox_.now_ns += 11'000 * kMilli;
  venue.play();
  venue.on_text(1, R"({"method":"SUBSCRIBE","params":["btcusdt@depth@100ms"],"id":1})");
  EXPECT_EQ(ask(venue, "/api/v3/depth?symbol=BTCUSDT").status, 0);
  inbox_.now_ns += 1'000 * kMilli;
  venue.play();
  EXPECT_THAT(updates(), ElementsAre(3, 5)) << "the first update was sent when nobody listened";
}

TEST_F(SimBinanceReplay, KeepsTheRecordingsPace) {
  auto& venue = start(2);
  venue.on_open(1, "/stream", "streams=btcusdt@depth@100ms");
  ask(venue, "/api/v3/depth?symbol=BTCUSDT");
  inbox_.now_ns += 10 * kMilli;
  venue.play();
  EXPECT_THAT(updates(), ElementsAre(2, 3));
  inbox_.now_ns += 200 * kMilli;
  venue.play();
  EXPECT_THAT(updates(), IsEmpty());
  inbox_.now_ns += 50 * kMilli;
  venue.play();
  EXPECT_THAT(updates(), ElementsAre(5));
}

std::string kraken_book(std::string_view type, int checksum) {
  return fmt::format(
      R"({{"channel":"book","type":"{}","data":[{{"symbol":"BTC/USD","bids":[{{"price":9.5,"qty":1.00}}],)"
      R"("asks":[],"checksum":{}}}]}})",
      type, checksum);
}

TEST(SimKrakenReplay, AResubscribeGetsTheNextRecordedSnapshot) {
  CaptureFile file;
  file.ws(0, R"({"method":"subscribe","result":{"channel":"book","depth":25,"symbol":"BTC/USD"},"success":true})");
  file.ws(1, kraken_book("snapshot", 1)).ws(2, kraken_book("update", 2)).ws(100, kraken_book("update", 3));
  file.ws(200, kraken_book("snapshot", 4)).ws(200, kraken_book("update", 5));
  const Recording recording = file.load("kraken");
  Inbox inbox;
  KrakenReplay venue(recording.instruments, Playback(recording, 1, 10'000 * kMilli), {}, inbox.clock(), inbox);
  const auto checksums = [&] {
    std::vector<std::int64_t> sums;
    for (const std::string& text : inbox.take(1)) {
      if (text.find("checksum") != std::string::npos) sums.push_back(number_after(text, "checksum"));
    }
    return sums;
  };
  venue.on_open(1, "/v2", "");
  inbox.take(1);
  venue.on_text(1, R"({"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":10}})");
  EXPECT_THAT(inbox.take(1), ElementsAre(HasSubstr(R"("depth":25)"))) << "the recording knows only its own depth";
  inbox.now_ns += 10 * kMilli;
  venue.play();
  EXPECT_THAT(checksums(), ElementsAre(1, 2));
  venue.on_text(1, R"({"method":"unsubscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":10}})");
  venue.on_text(1, R"({"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":10}})");
  inbox.now_ns += 100 * kMilli;
  venue.play();
  EXPECT_THAT(checksums(), IsEmpty()) << "no update before a snapshot";
  inbox.now_ns += 100 * kMilli;
  EXPECT_EQ(venue.play(), PlayState::kEnded);
  EXPECT_THAT(checksums(), ElementsAre(4, 5));
}

TEST(SimInstruments, AreReadFromEachOfTheVenuesLists) {
  const auto pairs = parse_instruments(
      R"({"error":[],"result":{"XXBTZUSD":{"wsname":"XBT/USD","pair_decimals":1,"lot_decimals":8}}})", "kraken");
  EXPECT_EQ(pairs.at(0).symbol, "BTC/USD");
  EXPECT_EQ(pairs.at(0).price_decimals, 1);
  const auto rows = parse_instruments(
      R"({"symbols":[{"symbol":"ETHBTC","baseAsset":"ETH","quoteAsset":"BTC","filters":[)"
      R"({"filterType":"PRICE_FILTER","tickSize":"0.00000100"},{"filterType":"LOT_SIZE","stepSize":"0.00100000"}]}]})",
      "binance-spot");
  EXPECT_EQ(rows.at(0).price_decimals, 6);
  EXPECT_EQ(rows.at(0).quantity_decimals, 3);
  EXPECT_THROW(parse_instruments("{}", "kraken"), std::runtime_error);
}

}  // namespace
}  // namespace millrace::sim

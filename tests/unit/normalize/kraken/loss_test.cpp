#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "tests/unit/normalize/kraken/kraken_test.h"

// What happens to the recordings when frames are lost, repeated or swapped. What is right is known from a plain book
// that is kept here by the documented rules, from the intact recording.
namespace millrace::normalize::kraken {
namespace {

using Lines = std::vector<CaptureLine>;
constexpr const char* kIntact[] = {"crossbook-btcusd-depth25", "crossbook-xrpusd-depth25",
                                   "python-kraken-sdk-btcusd-depth10"};

// One book message as numbers, prices and quantities times 10^8.
struct PlainMessage {
  bool is_book = false;
  bool snapshot = false;
  std::vector<Level> bids, asks;
};

std::int64_t number_at(std::string_view text, std::size_t at) {
  const std::string_view number = text.substr(at, text.find_first_of(",}", at) - at);
  return schemas::rescaled(schemas::parse_decimal(number).value(), -8).value();
}

// The rows of one side, from the text: a JSON library would make doubles of the numbers.
std::vector<Level> levels_of(std::string_view text, std::string_view side) {
  constexpr std::string_view kPrice = "{\"price\":";
  constexpr std::string_view kQuantity = "\"qty\":";
  const std::size_t begin = text.find(side);
  const std::size_t end = text.find(']', begin);
  std::vector<Level> levels;
  for (std::size_t at = text.find(kPrice, begin); at < end; at = text.find(kPrice, at + 1)) {
    const std::size_t quantity = text.find(kQuantity, at) + kQuantity.size();
    levels.push_back({number_at(text, at + kPrice.size()), number_at(text, quantity)});
  }
  return levels;
}

std::vector<PlainMessage> messages_of(const Lines& lines) {
  std::vector<PlainMessage> messages;
  for (const CaptureLine& line : lines) {
    PlainMessage& message = messages.emplace_back();
    message.is_book = line.is_book("");
    message.snapshot = line.is_book("snapshot");
    if (!message.is_book) continue;
    message.bids = levels_of(line.view(), "\"bids\":[");
    message.asks = levels_of(line.view(), "\"asks\":[");
  }
  return messages;
}

struct PlainBook {
  std::map<std::int64_t, std::int64_t, std::greater<>> bids;
  std::map<std::int64_t, std::int64_t> asks;
  std::size_t depth = 0;

  template <class Side>
  void take(Side& side, const std::vector<Level>& rows) {
    for (const Level& row : rows) {
      if (row.quantity == 0) {
        side.erase(row.price);
      } else {
        side[row.price] = row.quantity;
      }
    }
    while (side.size() > depth) side.erase(std::prev(side.end()));
  }
  void apply(const PlainMessage& message) {
    if (!message.is_book) return;
    if (message.snapshot) {
      bids.clear();
      asks.clear();
      depth = message.bids.size();  // full in these recordings
    }
    take(bids, message.bids);
    take(asks, message.asks);
  }
  std::vector<std::string> best(std::size_t count) const {
    std::vector<std::string> lines;
    const auto add = [&lines, count](const auto& side, const char* word) {
      std::size_t taken = 0;
      for (auto at = side.begin(); at != side.end() && taken < count; ++at, ++taken) {
        lines.push_back(word + schemas::to_plain({at->first, -8}) + " " + schemas::to_plain({at->second, -8}));
      }
    };
    add(bids, "bid ");
    add(asks, "ask ");
    return lines;
  }
};

bool same_ten_best(const PlainBook& a, const PlainBook& b) {
  const auto same = [](const auto& one, const auto& other) {
    auto at = other.begin();
    std::size_t taken = 0;
    for (auto level = one.begin(); level != one.end() && taken < 10; ++level, ++at, ++taken) {
      if (at == other.end() || *level != *at) return false;
    }
    return taken == 10 || other.size() == one.size();
  };
  return same(a.bids, b.bids) && same(a.asks, b.asks);
}

// For what is played only to get to a place.
class Nobody : public EventSink {
  void begin_frame(std::uint32_t, UnixNanos) override {}
  void on_book(StreamKey, const EventMeta&, const schemas::Book&) override {}
  void on_bbo(StreamKey, const EventMeta&, const schemas::Bbo&) override {}
  void on_trade(StreamKey, const EventMeta&, const schemas::Trade&) override {}
  void on_ticker(StreamKey, const EventMeta&, const schemas::Ticker&) override {}
  void on_candle(StreamKey, const EventMeta&, const schemas::Candle&) override {}
  void on_instrument(StreamKey, const EventMeta&, const schemas::Instrument&) override {}
  void on_gap(StreamKey, schemas::GapMark) override {}
  void on_state(StreamKey, schemas::StreamState, std::string_view) override {}
  void on_drop(std::string_view) override {}
};

struct Recording {
  Lines lines;
  std::vector<PlainMessage> messages;
};

enum class End { kDeclared, kHealed, kUnnoticed };

// Plays the recording without line `lost`; `right` is the intact book before it. Stops where the hole is declared, or
// where nothing of it is left.
End play_without(const Recording& recording, std::size_t lost, const PlainBook& before) {
  Connection kraken;
  Nobody nobody;
  for (std::size_t i = 0; i < lost; ++i) (void)kraken.feed_to(recording.lines[i], nobody);
  EXPECT_TRUE(kraken.venue->refresh(InstrumentId{0}, kraken.out));
  PlainBook right = before;
  PlainBook wrong = before;
  right.apply(recording.messages[lost]);
  for (std::size_t i = lost + 1; i < recording.lines.size(); ++i) {
    right.apply(recording.messages[i]);
    wrong.apply(recording.messages[i]);
    const std::size_t published = kraken.out.books.size();
    (void)kraken.feed_to(recording.lines[i], kraken.out);
    const bool differs = recording.messages[i].is_book && !same_ten_best(right, wrong);
    EXPECT_EQ(!kraken.out.gaps.empty(), differs) << "lost line " << lost + 1 << ", at line " << i + 1;
    if (kraken.out.books.size() > published) {
      EXPECT_FALSE(differs) << "a wrong book went out, lost line " << lost + 1 << ", at line " << i + 1;
      EXPECT_EQ(kraken.out.mirror.best(10), right.best(10));
    }
    if (differs || testing::Test::HasFailure()) return End::kDeclared;
    if (right.bids == wrong.bids && right.asks == wrong.asks) return End::kHealed;
  }
  return End::kUnnoticed;
}

TEST(KrakenLoss, EachLostUpdateIsDeclaredExactlyWhereTheTenBestFirstDiffer) {
  for (const char* name : kIntact) {
    Recording recording{capture(std::string(name) + ".capture.jsonl"), {}};
    if (recording.lines.empty()) GTEST_SKIP() << "no ../shared/captures/kraken/" << name;
    recording.messages = messages_of(recording.lines);
    std::map<End, int> ends;
    PlainBook book;
    for (std::size_t lost = 0; lost < recording.lines.size(); ++lost) {
      const PlainMessage& message = recording.messages[lost];
      if (message.is_book && !message.snapshot) ++ends[play_without(recording, lost, book)];
      ASSERT_FALSE(HasFailure()) << name;
      book.apply(message);
    }
    RecordProperty(std::string(name) + "_declared", ends[End::kDeclared]);
    EXPECT_GT(ends[End::kDeclared], 100) << name;
  }
}

TEST(KrakenLoss, WithoutTheSnapshotNothingIsPublished) {
  for (const char* name : kIntact) {
    const Lines lines = capture(std::string(name) + ".capture.jsonl");
    if (lines.empty()) GTEST_SKIP() << "no ../shared/captures/kraken/" << name;
    Connection kraken;
    for (const CaptureLine& line : lines) {
      if (line.is_book("snapshot")) continue;
      EXPECT_TRUE(kraken.feed_to(line, kraken.out));
    }
    EXPECT_TRUE(kraken.out.published_nothing());
  }
}

// Absolute quantities: a repeat says what is known, unless a later row of the first copy had changed it.
TEST(KrakenLoss, ARepeatedFrameNeverMakesAWrongBook) {
  for (const char* name : kIntact) {
    const Lines lines = capture(std::string(name) + ".capture.jsonl");
    if (lines.empty()) GTEST_SKIP() << "no ../shared/captures/kraken/" << name;
    const std::vector<PlainMessage> messages = messages_of(lines);
    Connection kraken;
    PlainBook book;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      book.apply(messages[i]);
      EXPECT_TRUE(kraken.feed_to(lines[i], kraken.out));
      EXPECT_TRUE(kraken.feed_to(lines[i], kraken.out)) << "the repeat of line " << i + 1;
      if (!messages[i].is_book) continue;
      ASSERT_EQ(kraken.out.mirror.best(10), book.best(10)) << "line " << i + 1;
    }
  }
}

TEST(KrakenLoss, SwappedFramesAreDeclaredOrChangeNothing) {
  Recording recording{capture("crossbook-btcusd-depth25.capture.jsonl"), {}};
  if (recording.lines.empty()) GTEST_SKIP() << "no ../shared/captures/kraken";
  recording.messages = messages_of(recording.lines);
  int declared = 0;
  // Every 20th pair, each on a connection of its own up to there.
  for (std::size_t at = 100; at + 2 < recording.lines.size(); at += 20) {
    Connection kraken;
    PlainBook book;
    for (std::size_t i = 0; i <= at + 1; ++i) book.apply(recording.messages[i]);
    Lines& lines = recording.lines;
    std::swap(lines[at], lines[at + 1]);
    for (std::size_t i = 0; i <= at + 1; ++i) (void)kraken.feed_to(lines[i], kraken.out);
    std::swap(lines[at], lines[at + 1]);
    declared += !kraken.out.gaps.empty();
    if (!kraken.out.gaps.empty()) continue;
    EXPECT_EQ(kraken.out.mirror.best(10), book.best(10)) << "line " << at + 1;
  }
  EXPECT_GT(declared, 0);
}

}  // namespace
}  // namespace millrace::normalize::kraken

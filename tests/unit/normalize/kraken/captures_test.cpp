#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include "normalize/book/book.h"
#include "tests/unit/normalize/kraken/kraken_test.h"

// Every recording against its facts, which were computed without any of our code.
namespace millrace::normalize::kraken {
namespace {

std::string plain(std::int64_t mantissa, std::int32_t exponent) { return schemas::to_plain({mantissa, exponent}); }

std::string bbo_line(const Book& book) {
  const auto side = [&book](const std::optional<Level>& best) {
    if (!best) return std::string("- -");
    return plain(best->price, book.price_exponent) + " " + plain(best->quantity, book.quantity_exponent);
  };
  return side(book.bids.best()) + " " + side(book.asks.best()) + "\n";
}

std::string sha256(const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::string hex;
  for (unsigned i = 0; i < size; ++i) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", digest[i]);
    hex += two;
  }
  return hex;
}

// Counts as the facts count, from what the adapter tells of each book message.
class Counter : public BookAudit {
 public:
  std::int64_t snapshots = 0, updates = 0, applied = 0, invalid = 0, no_snapshot = 0, duplicates = 0, crossed = 0;
  std::int64_t ok = 0, bad = 0, bbo_changes = 0, bbo_changes_all = 0;
  bool valid = false;
  std::string bbo_lines;

  void on_book_message(const Event& event) override {
    const bool snapshot = event.outcome == BookOutcome::kSnapshot;
    const bool counted = event.outcome == BookOutcome::kApplied || event.outcome == BookOutcome::kBadChecksum;
    (snapshot ? snapshots : updates) += 1;
    invalid += event.outcome == BookOutcome::kInvalid;
    no_snapshot += event.outcome == BookOutcome::kNoSnapshot;
    duplicates += event.outcome == BookOutcome::kDuplicate;
    if (!snapshot && !counted) return;
    applied += counted;
    (event.checksum_ok.value() ? ok : bad) += 1;
    valid = *event.checksum_ok;
    crossed += event.book->crossed();
    const std::string line = bbo_line(*event.book);
    if (line == last_) return;
    last_ = line;
    bbo_lines += line;
    bbo_changes += counted;
    ++bbo_changes_all;
  }

 private:
  std::string last_;
};

struct Played {
  Connection kraken;
  Counter counter;
  std::string published_bbo;  // lines of the book that a consumer has, where they change
};

void play(const std::vector<CaptureLine>& lines, Played& played) {
  played.kraken.venue->set_audit(&played.counter);
  std::string last;
  std::size_t seen = 0;
  for (const CaptureLine& line : lines) {
    played.kraken.now = line.time;
    (void)played.kraken.feed(line.view());
    const Recorder& out = played.kraken.out;
    if (out.books.size() == seen) continue;
    seen = out.books.size();
    const auto best = out.mirror.best(1);
    const std::string now = best.at(0).substr(4) + " " + best.at(1).substr(4) + "\n";
    if (now != last) played.published_bbo += now;
    last = now;
  }
}

std::vector<std::string> ten_best(const simdjson::dom::element& final_book) {
  std::vector<std::string> lines;
  for (const char* side : {"bids", "asks"}) {
    for (const auto level : final_book[side].get_array()) {
      const std::string text(level.at(0).get_string().value());
      lines.push_back((side[0] == 'b' ? "bid " : "ask ") + text + " " + std::string(level.at(1).get_string().value()));
    }
  }
  return lines;
}

class KrakenCapture : public testing::TestWithParam<const char*> {};

TEST_P(KrakenCapture, EqualsItsFacts) {
  const std::string name = GetParam();
  const auto lines = capture(name + ".capture.jsonl");
  if (lines.empty()) GTEST_SKIP() << "no ../shared/captures/kraken/" << name;
  simdjson::dom::parser parser;
  const simdjson::dom::element facts = parser.parse(shared_file(name + ".facts.json"));
  const simdjson::dom::object instruments = facts["instruments"].get_object();
  const simdjson::dom::element book = (*instruments.begin()).value["book"];
  const auto fact = [&book](const char* key) { return book[key].get_int64().value(); };

  Played played;
  play(lines, played);
  const Counter& counter = played.counter;
  EXPECT_EQ(counter.snapshots, fact("snapshots"));
  EXPECT_EQ(counter.updates, fact("updates"));
  EXPECT_EQ(counter.applied, fact("applied"));
  EXPECT_EQ(counter.invalid, fact("invalid"));
  EXPECT_EQ(counter.no_snapshot, fact("no_snapshot"));
  EXPECT_EQ(counter.duplicates, fact("duplicates"));
  EXPECT_EQ(counter.crossed, fact("crossed"));
  EXPECT_EQ(counter.ok, book["checksum"]["ok"].get_int64().value());
  EXPECT_EQ(counter.bad, book["checksum"]["bad"].get_int64().value());
  EXPECT_EQ(counter.bbo_changes, fact("bbo_changes"));
  EXPECT_EQ(counter.bbo_changes_all, fact("bbo_changes_all"));
  EXPECT_EQ(sha256(counter.bbo_lines), book["bbo_sha256"].get_string().value());
  EXPECT_EQ(counter.valid, !book["final"].is_null());

  const Recorder& out = played.kraken.out;
  EXPECT_EQ(static_cast<std::int64_t>(out.books.size()), counter.ok) << "published is what the checksum proves";
  EXPECT_EQ(out.gaps.size(), static_cast<std::size_t>(counter.bad));
  EXPECT_EQ(out.books.at(0).book.depth, fact("depth"));
  EXPECT_EQ(out.books.back().book.price_decimals, book["decimals_on_wire"]["price"].get_int64().value());
  EXPECT_EQ(out.books.back().book.quantity_decimals, book["decimals_on_wire"]["qty"].get_int64().value());
  if (!counter.valid) return;
  EXPECT_EQ(sha256(played.published_bbo), book["bbo_sha256"].get_string().value()) << "of published events alone";
  EXPECT_EQ(out.mirror.best(10), ten_best(book["final"]));
  EXPECT_EQ(static_cast<std::int64_t>(out.mirror.bids.size()), book["final"]["levels"].at(0).get_int64().value());
  EXPECT_EQ(static_cast<std::int64_t>(out.mirror.asks.size()), book["final"]["levels"].at(1).get_int64().value());
}

INSTANTIATE_TEST_SUITE_P(All, KrakenCapture,
                         testing::Values("crossbook-btcusd-depth25", "crossbook-xrpusd-depth25",
                                         "python-kraken-sdk-btcusd-depth10", "trading-system-btcusd-with-hole"),
                         [](const auto& one) {
                           std::string name = one.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

// Tells whether the consumer's book is ever another than the one that the checksum proved.
class Comparer : public BookAudit {
 public:
  const Book* book = nullptr;
  void on_book_message(const Event& event) override { book = event.checksum_ok.value_or(false) ? event.book : nullptr; }
};

TEST(KrakenCaptures, AConsumerThatKnowsNoTruncationHoldsTheSameBookAfterEveryEvent) {
  for (const char* name :
       {"crossbook-btcusd-depth25", "crossbook-xrpusd-depth25", "python-kraken-sdk-btcusd-depth10"}) {
    const auto lines = capture(std::string(name) + ".capture.jsonl");
    if (lines.empty()) GTEST_SKIP() << "no ../shared/captures/kraken/" << name;
    Connection kraken;
    Comparer comparer;
    kraken.venue->set_audit(&comparer);
    for (const CaptureLine& line : lines) {
      ASSERT_TRUE(kraken.feed(line.view()));
      if (!comparer.book) continue;
      ASSERT_TRUE(kraken.out.mirror.equals(*comparer.book)) << name << ": " << line.view();
    }
  }
}

TEST(KrakenCaptures, NothingIsPublishedBehindTheHole) {
  const auto lines = capture("trading-system-btcusd-with-hole.capture.jsonl");
  if (lines.empty()) GTEST_SKIP() << "no ../shared/captures/kraken/trading-system-btcusd-with-hole";
  Played played;
  play(lines, played);
  const Recorder& out = played.kraken.out;
  EXPECT_EQ(out.drops, std::vector<std::string>(16, "invalid"));
  ASSERT_EQ(out.gaps.size(), 1U);
  EXPECT_EQ(out.gaps[0].second.reason, "checksum");
  EXPECT_EQ(out.gaps[0].second.kind, schemas::GapKind::kVenue);
  EXPECT_EQ(out.states.back(), "book RECOVERING checksum");
  for (const BookRecord& record : out.books) EXPECT_EQ(record.meta.flags & schemas::flag::kCrossed, 0U);
}

}  // namespace
}  // namespace millrace::normalize::kraken

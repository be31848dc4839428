#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <fmt/format.h>

#include "normalize/book/book.h"
#include "tests/unit/normalize/venues/binance/capture.h"

// Every recording of Binance's venues must come out as its facts say: by the audit, and by the events alone.
namespace millrace::test {
namespace {

using normalize::BookAudit;
using normalize::BookOutcome;
using schemas::Decimal;
using schemas::Level;

std::string sha256(const std::string& text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr);
  std::string out;
  for (unsigned i = 0; i < size; ++i) out += fmt::format("{:02x}", digest[i]);
  return out;
}

std::string side_text(const std::optional<Level>& level, std::int32_t price_exponent, std::int32_t quantity_exponent) {
  if (!level) return "- -";
  return schemas::to_plain({level->price, price_exponent}) + " " +
         schemas::to_plain({level->quantity, quantity_exponent});
}

// Counts outcomes and gathers the lines of the BBO hash, per instrument, from the book itself.
class CountingAudit : public BookAudit {
 public:
  struct Found {
    BookFacts counts;
    std::string bbo_lines, last_line;
    std::int64_t changes = 0;
  };

  void on_book_message(const Event& event) override {
    Found& found = by_instrument[event.instrument];
    BookFacts& counts = found.counts;
    if (event.outcome != BookOutcome::kSnapshot && event.outcome != BookOutcome::kGap) ++counts.updates;
    switch (event.outcome) {
      case BookOutcome::kSnapshot:
        ++counts.snapshots;
        break;
      case BookOutcome::kApplied:
        ++counts.applied;
        counts.in_buffer += event.in_buffer;
        break;
      case BookOutcome::kStale:
        ++counts.stale;
        break;
      case BookOutcome::kNoSnapshot:
        ++counts.no_snapshot;
        break;
      case BookOutcome::kInvalid:
        ++counts.invalid;
        break;
      case BookOutcome::kDuplicate:
        ++counts.duplicates;
        break;
      case BookOutcome::kGap:
        ++counts.gaps;
        break;
      case BookOutcome::kBadChecksum:
        break;
    }
    if (event.outcome == BookOutcome::kSnapshot || event.outcome == BookOutcome::kApplied) look(*event.book, found);
    counts.last_id = event.last_id.value_or(counts.last_id);
    book[event.instrument] = event.book;
  }

  std::map<normalize::InstrumentId, Found> by_instrument;
  std::map<normalize::InstrumentId, const normalize::Book*> book;

 private:
  static void look(const normalize::Book& book, Found& found) {
    found.counts.crossed += book.crossed();
    const auto bbo = book.bbo();
    const std::string line = side_text(bbo.bid, bbo.price_exponent, bbo.quantity_exponent) + " " +
                             side_text(bbo.ask, bbo.price_exponent, bbo.quantity_exponent) + "\n";
    if (line == found.last_line) return;
    found.last_line = line;
    found.bbo_lines += line;
    ++found.changes;
  }
};

void expect_ten_best(const normalize::LadderSide& side, const normalize::Book& book,
                     const std::vector<std::pair<std::string, std::string>>& want) {
  std::vector<Level> top(10);
  top.resize(side.top(10, top.data()));
  ASSERT_EQ(top.size(), want.size());
  for (std::size_t i = 0; i < top.size(); ++i) {
    EXPECT_EQ(schemas::to_plain({top[i].price, book.price_exponent}), want[i].first) << i;
    EXPECT_EQ(schemas::to_plain({top[i].quantity, book.quantity_exponent}), want[i].second) << i;
  }
}

void expect_book(const CountingAudit::Found& found, const normalize::Book& book, const BookFacts& want) {
  EXPECT_EQ(found.counts.snapshots, want.snapshots);
  EXPECT_EQ(found.counts.updates, want.updates);
  EXPECT_EQ(found.counts.applied, want.applied);
  EXPECT_EQ(found.counts.in_buffer, want.in_buffer);
  EXPECT_EQ(found.counts.stale, want.stale);
  EXPECT_EQ(found.counts.no_snapshot, want.no_snapshot);
  EXPECT_EQ(found.counts.invalid, want.invalid);
  EXPECT_EQ(found.counts.duplicates, want.duplicates);
  EXPECT_EQ(found.counts.gaps, want.gaps);
  EXPECT_EQ(found.counts.crossed, want.crossed);
  EXPECT_EQ(found.changes, want.bbo_changes_all);
  EXPECT_EQ(sha256(found.bbo_lines), want.bbo_sha256);
  EXPECT_EQ(found.counts.last_id, want.last_id);
  EXPECT_EQ(std::int64_t(book.bids.size()), want.levels.at(0));
  EXPECT_EQ(std::int64_t(book.asks.size()), want.levels.at(1));
  expect_ten_best(book.bids, book, want.bids);
  expect_ten_best(book.asks, book, want.asks);
}

__extension__ using Int128 = __int128;

// Exact sums of numbers with different exponents.
class Sum {
 public:
  void add(Int128 mantissa, std::int32_t exponent) {
    for (; exponent_ > exponent; --exponent_) total_ *= 10;
    for (; exponent > exponent_; --exponent) mantissa *= 10;
    total_ += mantissa;
  }
  std::string text() const {
    Int128 total = total_;
    std::int32_t exponent = exponent_;
    for (; exponent < 0 && total % 10 == 0; ++exponent) total /= 10;
    return schemas::to_plain({static_cast<std::int64_t>(total), exponent});
  }

 private:
  Int128 total_ = 0;
  std::int32_t exponent_ = 0;
};

void expect_trades(const std::vector<Recorded>& events, const std::string& symbol, const TradeFacts& want) {
  TradeFacts got;
  Sum quantity;
  Sum value;
  const Dataset dataset = want.channel == "aggTrade" ? Dataset::kTradeAgg : Dataset::kTrade;
  for (const Recorded& event : events) {
    if (event.kind != Recorded::Kind::kTrade || event.symbol != symbol || event.dataset != dataset) continue;
    const schemas::Trade& trade = event.trade;
    if (got.count++ == 0) got.first_id = *event.meta.venue_seq;
    got.last_id = *event.meta.venue_seq;
    EXPECT_EQ(event.trade_id, std::to_string(got.last_id));
    ++(trade.aggressor == schemas::Side::kBuy ? got.buys : got.sells);
    quantity.add(trade.quantity, trade.quantity_exponent);
    value.add(static_cast<Int128>(trade.price) * trade.quantity, trade.price_exponent + trade.quantity_exponent);
  }
  EXPECT_EQ(got.count, want.count);
  EXPECT_EQ(got.first_id, want.first_id);
  EXPECT_EQ(got.last_id, want.last_id);
  EXPECT_EQ(got.buys, want.buys);
  EXPECT_EQ(got.sells, want.sells);
  EXPECT_EQ(quantity.text(), want.quantity_sum);
  EXPECT_EQ(value.text(), want.price_quantity_sum);
}

TEST(BinanceCaptures, ComeOutAsTheirFactsSay) {
  const auto captures = binance_captures();
  if (captures.empty()) GTEST_SKIP() << "no captures in ../shared/captures";
  for (const Capture& capture : captures) {
    SCOPED_TRACE(capture.path.filename().string());
    VenueHarness harness{capture.venue};
    CountingAudit audit;
    harness.venue->set_audit(&audit);
    for (const CaptureLine& line : capture.lines) {
      const auto result = feed_line(harness, line);
      ASSERT_TRUE(result.has_value()) << result.error().where;
    }
    harness.close();
    for (const auto& [name, want] : capture.facts) {
      const std::string& symbol = name;  // clang 14 captures no structured bindings
      SCOPED_TRACE(symbol);
      const auto id = harness.venue->instruments().find(symbol);
      ASSERT_TRUE(id.has_value());
      if (want.has_book) expect_book(audit.by_instrument[*id], *audit.book.at(*id), want.book);
      for (const TradeFacts& trades : want.trades) expect_trades(harness.out.events, symbol, trades);
      const auto quotes = std::count_if(harness.out.events.begin(), harness.out.events.end(), [&](const auto& event) {
        return event.symbol == symbol && event.dataset == Dataset::kBbo;
      });
      EXPECT_EQ(quotes, std::max<std::int64_t>(0, want.quotes));
    }
    EXPECT_TRUE(harness.out.gaps.empty());
  }
}

}  // namespace
}  // namespace millrace::test

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/normalize/kraken/kraken_test.h"

// Reference data, from REST and from the instrument channel.
namespace millrace::normalize::kraken {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const InstrumentInfo& info(Connection& kraken, const char* symbol) {
  return kraken.venue->instruments()[kraken.venue->instruments().intern(symbol)];
}

TEST(KrakenReference, RestNamesBecomeThoseOfTheFrames) {
  Connection kraken;
  ASSERT_TRUE(kraken.reference(fixture("rest_asset_pairs.json")));
  const InstrumentInfo& bitcoin = info(kraken, "BTC/USD");
  EXPECT_TRUE(bitcoin.has_reference);
  EXPECT_EQ(bitcoin.instrument, "BTC-USD");
  EXPECT_EQ(bitcoin.price_decimals, 1);
  EXPECT_EQ(bitcoin.quantity_decimals, 8);
  EXPECT_EQ(bitcoin.reference.status, schemas::InstrumentStatus::kTrading);
  EXPECT_EQ(bitcoin.reference.tick_size->value, (schemas::Decimal{1, -1}));
  EXPECT_EQ(info(kraken, "DOGE/USD").instrument, "DOGE-USD");
  EXPECT_EQ(info(kraken, "DOGE/USD").reference.status, schemas::InstrumentStatus::kRestricted);
  EXPECT_THAT(kraken.out.drops, ElementsAre("bad_reference")) << "the pair without wsname";
  EXPECT_EQ(kraken.out.instruments.size(), 2U);
}

TEST(KrakenReference, TheChannelSaysTheSameInItsOwnWords) {
  Connection kraken;
  ASSERT_TRUE(kraken.feed_file("ws_instrument_snapshot.json"));
  const InstrumentInfo& bitcoin = info(kraken, "BTC/USD");
  EXPECT_EQ(bitcoin.instrument, "BTC-USD");
  EXPECT_EQ(bitcoin.reference.quantity_step->value, (schemas::Decimal{1, -8})) << "sent as 1e-08";
  EXPECT_EQ(bitcoin.reference.min_quantity->value, (schemas::Decimal{1, -4}));
  EXPECT_EQ(kraken.out.instruments[0].first.origin, schemas::Origin::kSnapshot);
}

TEST(KrakenReference, OnlyWhatIsNewOrChangedIsPublished) {
  Connection kraken;
  ASSERT_TRUE(kraken.reference(fixture("rest_asset_pairs.json")));
  ASSERT_TRUE(kraken.feed_file("ws_instrument_snapshot.json"));
  EXPECT_EQ(kraken.out.instruments.size(), 3U) << "BTC/USD is known from REST already";
  ASSERT_TRUE(kraken.feed_file("ws_instrument_update.json"));
  ASSERT_TRUE(kraken.feed_file("ws_instrument_update.json"));
  ASSERT_EQ(kraken.out.instruments.size(), 4U);
  EXPECT_EQ(kraken.out.instruments[3].second.status, schemas::InstrumentStatus::kRestricted);
  EXPECT_EQ(kraken.out.instruments[3].second.status_text, "cancel_only");
  EXPECT_EQ(kraken.out.instruments[3].first.origin, schemas::Origin::kLive);
}

TEST(KrakenReference, AFileMayHoldTheFrameInPlaceOfTheAnswer) {
  Connection kraken;
  ASSERT_TRUE(kraken.reference(fixture("ws_instrument_snapshot.json")));
  EXPECT_TRUE(info(kraken, "MATIC/USD").has_reference);
  EXPECT_TRUE(kraken.reference(fixture("ws_heartbeat.json")).has_error());
}

TEST(KrakenReference, AnErrorAnswerIsRefusedInTheVenuesWords) {
  Connection kraken;
  EXPECT_EQ(kraken.reference(fixture("rest_error.json")).error(), (Error{Errc::kRefused, "EQuery:Unknown asset pair"}));
  EXPECT_TRUE(kraken.reference("<html>").has_error());
  EXPECT_TRUE(kraken.reference("{}").has_error());
  EXPECT_THAT(kraken.out.instruments, IsEmpty());
}

TEST(KrakenReference, ABadPairIsLeftOutAndTheOthersCount) {
  Connection kraken;
  std::string text = fixture("ws_instrument_snapshot.json");
  text.replace(text.find("\"price_precision\":1,"), 20, "\"price_precision\":99,");
  ASSERT_TRUE(kraken.feed(text));
  EXPECT_THAT(kraken.out.drops, ElementsAre("bad_reference"));
  EXPECT_FALSE(kraken.venue->instruments().find("BTC/USD"));
  EXPECT_TRUE(info(kraken, "MATIC/USD").has_reference);
}

TEST(KrakenReference, IsAskedForBeforeAnyStreamStarts) {
  const Connection kraken;
  const auto requests = kraken.venue->reference_requests();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].target, "/0/public/AssetPairs");
  EXPECT_EQ(kraken.venue->rest_url(), "https://api.kraken.com");
}

// Unordered single messages of the venue's public channels, most from client fixtures.
TEST(KrakenExamples, EachDecodesOrIsRejectedForAReasonThatCanBeDefended) {
  const auto lines = capture("examples.jsonl");
  if (lines.empty()) GTEST_SKIP() << "no ../shared/captures/kraken/examples.jsonl";
  int decoded = 0;
  int other = 0;
  for (const CaptureLine& line : lines) {
    Connection kraken;
    const auto got = kraken.feed(line.view());
    const bool made_up_checksum =
        line.view().find(R"("checksum":2439117997,"timestamp":"2023-10-06)") != std::string_view::npos;
    if (got) {
      ++decoded;
    } else if (got.error().code == Errc::kBadChecksum) {
      // A client's fixture: the documented checksum put on other levels.
      EXPECT_TRUE(made_up_checksum) << line.view();
    } else {
      // REST answers and futures lists that are no frames at all.
      EXPECT_EQ(line.view().front(), '[')
          << name(got.error().code) << " " << got.error().where << " " << line.view().substr(0, 200);
      ++other;
    }
  }
  EXPECT_GT(decoded, 50);
  EXPECT_LT(other, 5);
}

}  // namespace
}  // namespace millrace::normalize::kraken

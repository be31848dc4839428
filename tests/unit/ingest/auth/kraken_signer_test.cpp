#include "ingest/auth/kraken_signer.h"

#include <gmock/gmock.h>

#include "tests/unit/ingest/auth/support.h"

namespace millrace::ingest {
namespace {

using test::secret;

// The sheet, 5.1. The first vector is from the venue's documentation.
constexpr auto kKey = "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg==";
constexpr std::uint64_t kNonce = 1616492376594;

KrakenSigner signer() { return KrakenSigner::make(secret("api-key"), secret(kKey)).value(); }

TEST(KrakenSigner, AddOrderOfTheDocumentation) {
  const auto request =
      signer().request("/0/private/AddOrder", kNonce, "ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->body, "nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25");
  EXPECT_EQ(request->headers[0].name, "API-Key");
  EXPECT_EQ(request->headers[0].value.reveal(), "api-key");
  EXPECT_EQ(request->headers[1].name, "API-Sign");
  EXPECT_EQ(request->headers[1].value.reveal(),
            "4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ==");
}

TEST(KrakenSigner, TheWebSocketToken) {
  const auto request = signer().request("/0/private/GetWebSocketsToken", kNonce, "");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->body, "nonce=1616492376594");
  EXPECT_EQ(request->headers[1].value.reveal(),
            "+mRDmY9Ks0Moc1zjv/BjfvYa98buO0x1yHChZR5onlfAzAUbfIYlLggUZzdQ0RsmXm4Sh+Q8iAIZdo2wSeHeiA==");
}

TEST(KrakenSigner, ABodyInJsonIsSignedAsItIs) {
  const auto form = signer().signature("/0/private/Balance", kNonce, "nonce=1616492376594");
  const auto json = signer().signature("/0/private/Balance", kNonce, R"({"nonce":1616492376594})");
  ASSERT_TRUE(form && json);
  EXPECT_NE(*form, *json);
}

TEST(KrakenSigner, RefusesWhatTheVenueWouldNotVerify) {
  const KrakenSigner kraken = signer();
  EXPECT_EQ(kraken.request("0/private/Balance", kNonce, "").error().code, AuthErrc::kBadArgument);
  EXPECT_EQ(kraken.request("/0/private/Balance?a=1", kNonce, "").error().code, AuthErrc::kBadArgument);
  EXPECT_EQ(kraken.request("/0/private/Balance", kNonce, "a=b c").error().code, AuthErrc::kBadArgument);
  EXPECT_EQ(KrakenSigner::make(secret("api-key"), secret("kQH5HW/8p1uG*")).error().code, AuthErrc::kBadKey);
  EXPECT_EQ(KrakenSigner::make(secret(""), secret(kKey)).error().code, AuthErrc::kEmpty);
  EXPECT_EQ(KrakenSigner::make(secret("api\r\nkey"), secret(kKey)).error().code, AuthErrc::kBadText);
}

}  // namespace
}  // namespace millrace::ingest

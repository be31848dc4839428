// Each venue's scheme as the account side uses it; that the signatures are right, the signers' own tests show.

#include "ingest/auth/account_signer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/ingest/auth/support.h"

namespace millrace::ingest {
namespace {

using normalize::AuthScheme;
using normalize::PrivateRequest;
using normalize::PrivateText;
using normalize::Signing;
using test::secret;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr std::int64_t kNow = 1'616'492'376'594'000'000;

std::unique_ptr<AccountSigner> signer(AuthScheme scheme, std::string_view key = "c2VjcmV0") {
  SigningWorld world;
  world.now_ns = [] { return kNow; };
  world.nonce = [](std::int64_t now) -> AuthResult<std::uint64_t> {
    return static_cast<std::uint64_t>(now) / 1'000'000;
  };
  world.random = [](std::size_t size) { return std::string(size, 'r'); };
  AccountKeys keys;
  keys.api_key = secret("key");
  keys.secret = secret(key);
  keys.passphrase = secret("words");
  return make_account_signer(scheme, std::move(keys), std::move(world)).value();
}

PrivateRequest request(std::string method, std::string target, std::string body = "",
                       Signing signing = Signing::kSign) {
  PrivateRequest made;
  made.method = std::move(method);
  made.target = std::move(target);
  made.body = std::move(body);
  made.signing = signing;
  return made;
}

std::vector<std::string> names(const SignedRequest& made) {
  std::vector<std::string> all;
  for (const auto& header : made.headers) all.emplace_back(header.name);
  return all;
}

TEST(AccountSigner, KrakenPutsTheNonceIntoTheBody) {
  const auto made = signer(AuthScheme::kKraken)->request(request("POST", "/0/private/TradesHistory", "ofs=50"), "h");
  ASSERT_TRUE(made);
  EXPECT_EQ(made->method, "POST");
  EXPECT_EQ(made->target.reveal(), "/0/private/TradesHistory");
  EXPECT_EQ(made->body.reveal(), "nonce=1616492376594&ofs=50");
  EXPECT_EQ(made->content_type, "application/x-www-form-urlencoded");
  EXPECT_THAT(names(*made), ElementsAre("API-Key", "API-Sign"));
  EXPECT_EQ(signer(AuthScheme::kKraken)->text({"x", Signing::kSign}).error().code, AuthErrc::kBadArgument);
}

TEST(AccountSigner, BinanceSignsTheQuery) {
  const auto binance = signer(AuthScheme::kBinance);
  const auto made = binance->request(request("GET", "/api/v3/myTrades?symbol=BTCUSDT"), "h");
  ASSERT_TRUE(made);
  EXPECT_THAT(std::string(made->target.reveal()), StartsWith("/api/v3/myTrades?symbol=BTCUSDT&"));
  EXPECT_THAT(std::string(made->target.reveal()), HasSubstr("timestamp=1616492376594"));
  EXPECT_THAT(std::string(made->target.reveal()), HasSubstr("&signature="));
  EXPECT_THAT(names(*made), ElementsAre("X-MBX-APIKEY"));
  EXPECT_EQ(made->content_type, "");
  const auto bare = binance->request(request("GET", "/api/v3/account"), "h");
  ASSERT_TRUE(bare);
  EXPECT_THAT(std::string(bare->target.reveal()), StartsWith("/api/v3/account?"));
  const auto text = binance->text({"subscribe-1", Signing::kSign});
  ASSERT_TRUE(text);
  EXPECT_THAT(std::string(text->reveal()), HasSubstr("subscribe-1"));
  EXPECT_THAT(std::string(text->reveal()), HasSubstr("userDataStream.subscribe.signature"));
}

TEST(AccountSigner, AListenKeyNeedsTheKeyAndNoSignature) {
  const auto made =
      signer(AuthScheme::kBinance)->request(request("POST", "/fapi/v1/listenKey", "", Signing::kKey), "h");
  ASSERT_TRUE(made);
  EXPECT_EQ(made->target.reveal(), "/fapi/v1/listenKey");
  EXPECT_THAT(names(*made), ElementsAre("X-MBX-APIKEY"));
  EXPECT_EQ(signer(AuthScheme::kKraken)->request(request("GET", "/a", "", Signing::kKey), "h").error().code,
            AuthErrc::kBadArgument);
}

TEST(AccountSigner, CoinbaseExchangeSignsHeadersAndMessages) {
  const auto coinbase = signer(AuthScheme::kCoinbaseExchange);
  const auto made = coinbase->request(request("GET", "/fills?product_id=BTC-USD"), "h");
  ASSERT_TRUE(made);
  EXPECT_EQ(made->target.reveal(), "/fills?product_id=BTC-USD");
  EXPECT_EQ(made->headers.size(), 4U);
  const auto text = coinbase->text({R"({"type":"subscribe","channels":["user"]})", Signing::kSign});
  ASSERT_TRUE(text);
  EXPECT_THAT(std::string(text->reveal()), HasSubstr("\"signature\""));
  EXPECT_THAT(std::string(text->reveal()), HasSubstr("1616492376"));
}

TEST(AccountSigner, CoinbaseAdvancedMakesTokensOfTheKey) {
  const auto key = test::new_p256_key();
  const auto coinbase = signer(AuthScheme::kCoinbaseAdvanced, test::traditional_pem(key.get()));
  const auto made = coinbase->request(request("GET", "/api/v3/brokerage/orders/historical/fills?limit=5"), "api.host");
  ASSERT_TRUE(made);
  EXPECT_THAT(names(*made), ElementsAre("Authorization"));
  const auto text = coinbase->text({R"({"type":"subscribe","channel":"user"})", Signing::kSign});
  ASSERT_TRUE(text);
  EXPECT_THAT(std::string(text->reveal()), HasSubstr("\"jwt\""));
}

TEST(AccountSigner, AlpacaSendsTheKeyItself) {
  const auto alpaca = signer(AuthScheme::kAlpaca);
  const auto made = alpaca->request(request("GET", "/v2/account"), "h");
  ASSERT_TRUE(made);
  EXPECT_EQ(made->headers.size(), 2U);
  EXPECT_THAT(std::string(alpaca->text({"", Signing::kSign})->reveal()), HasSubstr("\"auth\""));
}

TEST(AccountSigner, TheTokenStandsWhereItsPlaceIs) {
  const auto any = signer(AuthScheme::kKraken);
  EXPECT_FALSE(any->has_token());
  any->set_token(secret("canary"));
  EXPECT_TRUE(any->has_token());
  EXPECT_EQ(any->text({R"({"token":"${token}"})", Signing::kToken})->reveal(), R"({"token":"canary"})");
  EXPECT_EQ(any->text({"${token}", Signing::kNone})->reveal(), "${token}") << "as it is";
  EXPECT_EQ(any->address("wss://h/ws/${token}?a=1").reveal(), "wss://h/ws/canary?a=1");
  EXPECT_EQ(any->address("wss://h/ws").reveal(), "wss://h/ws");
  const auto made = any->request(request("PUT", "/k?id=${token}", "", Signing::kToken), "h");
  ASSERT_TRUE(made);
  EXPECT_EQ(made->target.reveal(), "/k?id=canary");
  EXPECT_THAT(made->headers, IsEmpty());
  EXPECT_EQ(any->text({"x", Signing::kKey}).error().code, AuthErrc::kBadArgument);
}

TEST(AccountSigner, APublicCallHasNothingOfOurs) {
  const auto made = signer(AuthScheme::kBinance)->request(request("GET", "/api/v3/time", "", Signing::kNone), "h");
  ASSERT_TRUE(made);
  EXPECT_EQ(made->target.reveal(), "/api/v3/time");
  EXPECT_THAT(made->headers, IsEmpty());
}

TEST(AccountSigner, ABadKeyIsAnErrorWithoutIt) {
  AccountKeys keys;
  keys.api_key = secret("key");
  keys.secret = secret("canary*not*base64");
  const auto made = make_account_signer(AuthScheme::kKraken, std::move(keys), {});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, AuthErrc::kBadKey);
  EXPECT_THAT(made.error().where, Not(HasSubstr("canary")));
}

TEST(TakeToken, FindsItAnywhereAndWipesTheBody) {
  for (const char* text : {R"({"token":"canary"})", R"({"error":[],"result":{"expires":900, "token" : "canary"}})"}) {
    std::string body = text;
    const char* const bytes = body.data();
    const std::size_t size = body.size();
    const auto token = take_token(body, "token");
    ASSERT_TRUE(token) << text;
    EXPECT_EQ(token->reveal(), "canary");
    EXPECT_EQ(body, "");
    EXPECT_EQ(std::string_view(bytes, size).find("canary"), std::string_view::npos) << "nor in its memory";
  }
}

TEST(TakeToken, WhatHoldsNoneIsAnErrorAndWipedToo) {
  for (const char* text : {"", "{}", R"({"token":17})", R"({"token":"")", R"({"token":""})", R"({"token":"cut)",
                           R"({"token":"a\"b"})", R"({"token")", R"({"token":)", R"({"other":"token"})"}) {
    std::string body = text;
    const auto token = take_token(body, "token");
    EXPECT_FALSE(token) << text;
    EXPECT_EQ(body, "");
  }
}

std::string print_of(std::string_view api_key, std::string_view key, std::string_view passphrase = "") {
  AccountKeys keys;
  keys.api_key = secret(api_key);
  keys.secret = secret(key);
  keys.passphrase = secret(passphrase);
  return fingerprint(keys).value();
}

TEST(AccountSigner, AFingerprintTellsKeysApart) {
  EXPECT_EQ(print_of("key", "secret"), print_of("key", "secret"));
  EXPECT_NE(print_of("key", "secret"), print_of("key", "secreT"));
  EXPECT_NE(print_of("key", "secret"), print_of("keys", "ecret")) << "where one part ends counts";
  EXPECT_NE(print_of("key", "secret"), print_of("key", "", "secret"));
  EXPECT_EQ(print_of("key", "secret").find("secret"), std::string::npos);
}

}  // namespace
}  // namespace millrace::ingest

#include <gmock/gmock.h>

#include <vector>

#include "ingest/auth/coinbase_advanced_signer.h"
#include "ingest/auth/coinbase_exchange_signer.h"
#include "ingest/auth/digest.h"
#include "tests/unit/ingest/auth/support.h"

namespace millrace::ingest {
namespace {

using test::secret;

// The sheet, 5.1 and 6.
constexpr std::int64_t kTime = 1755497856;

CoinbaseExchangeSigner exchange(std::string_view passphrase = "pass phrase") {
  return CoinbaseExchangeSigner::make(secret("key"), secret("dGhpcy1pcy1ub3QtYS1yZWFsLXNlY3JldA=="), secret(passphrase))
      .value();
}

TEST(CoinbaseExchangeSigner, Subscribe) {
  EXPECT_EQ(exchange()
                .signed_subscribe(R"({"type":"subscribe","product_ids":["BTC-USD"],"channels":["user"]})", kTime)
                .value()
                .reveal(),
            R"({"type":"subscribe","product_ids":["BTC-USD"],"channels":["user"],)"
            R"("signature":"FIMVbJyZP/RSwV5KkfBhdULm/G5qrVskkiru9RpXBDQ=","key":"key","passphrase":"pass phrase",)"
            R"("timestamp":"1755497856"})");
}

TEST(CoinbaseExchangeSigner, PassphraseIsEscapedInJsonOnly) {
  const auto signer = exchange(R"(a"b\c)");
  EXPECT_THAT(std::string(signer.signed_subscribe("{}", kTime).value().reveal()),
              testing::AllOf(testing::StartsWith(R"({"signature":)"), testing::HasSubstr(R"("passphrase":"a\"b\\c")")));
  EXPECT_EQ(signer.headers(kTime, "GET", "/accounts", "").value()[3].value.reveal(), R"(a"b\c)");
}

TEST(CoinbaseExchangeSigner, RestHeaders) {
  const auto headers = exchange().headers(kTime, "GET", "/fills?product_id=BTC-USD&limit=100", "").value();
  const std::vector<std::pair<std::string_view, std::string_view>> expected{
      {"CB-ACCESS-KEY", "key"},
      {"CB-ACCESS-SIGN", "WUmCcT4UGCP5Orvoxtq5sEsxJFuN5heYWY9fpyxaLMw="},
      {"CB-ACCESS-TIMESTAMP", "1755497856"},
      {"CB-ACCESS-PASSPHRASE", "pass phrase"}};
  ASSERT_EQ(headers.size(), expected.size());
  for (std::size_t i = 0; i < headers.size(); ++i) {
    EXPECT_EQ(headers[i].name, expected[i].first);
    EXPECT_EQ(headers[i].value.reveal(), expected[i].second);
  }
}

TEST(CoinbaseExchangeSigner, BodyIsSigned) {
  EXPECT_NE(exchange().signature(kTime, "POST", "/orders", "{}").value(),
            exchange().signature(kTime, "POST", "/orders", "").value());
}

TEST(CoinbaseExchangeSigner, RefusesWhatTheVenueWouldNotVerify) {
  EXPECT_EQ(exchange().signed_subscribe("[]", kTime).error().code, AuthErrc::kBadArgument);
  EXPECT_EQ(exchange().signature(kTime, "get", "/fills", "").error().code, AuthErrc::kBadArgument);
  EXPECT_EQ(exchange().signature(kTime, "GET", "fills", "").error().code, AuthErrc::kBadArgument);
  EXPECT_EQ(exchange().signature(0, "GET", "/fills", "").error().code, AuthErrc::kBadArgument);
  EXPECT_EQ(CoinbaseExchangeSigner::make(secret("key"), secret("a"), secret("p")).error().code, AuthErrc::kBadKey);
  EXPECT_EQ(CoinbaseExchangeSigner::make(secret("key"), secret("YQ=="), secret("")).error().code, AuthErrc::kEmpty);
}

constexpr auto kName = "organizations/0f/apiKeys/1e";
const std::string kRandom = test::unhex("000102030405060708090a0b0c0d0eff");

struct Token {
  std::string header;
  std::string claims;
  std::string signing_input;
  std::string signature;
};

Token parts(std::string_view jwt) {
  const auto first = jwt.find('.');
  const auto second = jwt.find('.', first + 1);
  return {test::from_base64url(jwt.substr(0, first)), test::from_base64url(jwt.substr(first + 1, second - first - 1)),
          std::string(jwt.substr(0, second)), test::from_base64url(jwt.substr(second + 1))};
}

TEST(CoinbaseAdvancedSigner, Es256Token) {
  const auto key = test::new_p256_key();
  for (const std::string& pem : {test::traditional_pem(key.get()), test::pkcs8_pem(key.get())}) {
    const auto signer = CoinbaseAdvancedSigner::make(secret(kName), secret(pem)).value();
    const Token token = parts(signer.token(kTime, kRandom).value().reveal());
    EXPECT_EQ(token.header, R"({"alg":"ES256","kid":"organizations/0f/apiKeys/1e",)"
                            R"("nonce":"000102030405060708090a0b0c0d0eff","typ":"JWT"})");
    EXPECT_EQ(token.claims, R"({"sub":"organizations/0f/apiKeys/1e","iss":"cdp","nbf":1755497856,"exp":1755497976})");
    EXPECT_TRUE(test::verifies_es256(key.get(), token.signing_input, token.signature));
    EXPECT_FALSE(test::verifies_es256(key.get(), token.signing_input + "x", token.signature));
  }
}

TEST(CoinbaseAdvancedSigner, RestTokenNamesTheCallWithoutItsQuery) {
  const auto key = test::new_p256_key();
  const auto signer = CoinbaseAdvancedSigner::make(secret(kName), secret(test::traditional_pem(key.get()))).value();
  const auto header =
      signer.rest_header(kTime, kRandom, "GET", "api.coinbase.com", "/api/v3/brokerage/accounts?limit=250").value();
  EXPECT_EQ(header.name, "Authorization");
  ASSERT_TRUE(header.value.reveal().starts_with("Bearer "));
  const Token token = parts(header.value.reveal().substr(7));
  EXPECT_EQ(token.claims, R"({"sub":"organizations/0f/apiKeys/1e","iss":"cdp","nbf":1755497856,"exp":1755497976,)"
                          R"("uri":"GET api.coinbase.com/api/v3/brokerage/accounts"})");
  EXPECT_TRUE(test::verifies_es256(key.get(), token.signing_input, token.signature));
}

TEST(CoinbaseAdvancedSigner, SubscribeHasATokenOfItsOwn) {
  const auto key = test::new_p256_key();
  const auto signer = CoinbaseAdvancedSigner::make(secret(kName), secret(test::traditional_pem(key.get()))).value();
  const auto text = signer.signed_subscribe(R"({"type":"subscribe","channel":"user"})", kTime, kRandom).value();
  constexpr std::string_view kBefore = R"({"type":"subscribe","channel":"user","jwt":")";
  ASSERT_TRUE(text.reveal().starts_with(kBefore));
  ASSERT_TRUE(text.reveal().ends_with("\"}"));
  const Token token = parts(text.reveal().substr(kBefore.size(), text.size() - kBefore.size() - 2));
  EXPECT_EQ(token.claims.find("uri"), std::string::npos);
  EXPECT_TRUE(test::verifies_es256(key.get(), token.signing_input, token.signature));
}

// RFC 8032, 7.1, test 2, as the 64 bytes that Coinbase hands out.
TEST(CoinbaseAdvancedSigner, EdDsaToken) {
  const std::string seed = test::unhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
  const std::string pub = test::unhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  for (const std::string& key : {base64(seed + pub), base64(seed), test::ed25519_pem(seed)}) {
    const auto signer = CoinbaseAdvancedSigner::make(secret("1e-2f"), secret(key)).value();
    const Token token = parts(signer.token(kTime, kRandom).value().reveal());
    EXPECT_THAT(token.header, testing::StartsWith(R"({"alg":"EdDSA","kid":"1e-2f",)"));
    EXPECT_TRUE(test::verifies_ed25519(pub, token.signing_input, token.signature));
  }
}

TEST(CoinbaseAdvancedSigner, RefusesWhatTheVenueWouldNotVerify) {
  const auto key = test::new_p256_key();
  const auto signer = CoinbaseAdvancedSigner::make(secret(kName), secret(test::pkcs8_pem(key.get()))).value();
  EXPECT_EQ(signer.token(kTime, "short").error().code, AuthErrc::kBadArgument);
  EXPECT_EQ(signer.token(0, kRandom).error().code, AuthErrc::kBadArgument);
  EXPECT_EQ(signer.rest_token(kTime, kRandom, "GET", "a/b", "/c").error().code, AuthErrc::kBadArgument);
  EXPECT_EQ(signer.rest_token(kTime, kRandom, "GET", "a", "c").error().code, AuthErrc::kBadArgument);
  EXPECT_EQ(signer.signed_subscribe("", kTime, kRandom).error().code, AuthErrc::kBadArgument);
}

}  // namespace
}  // namespace millrace::ingest

#include "ingest/auth/binance_signer.h"

#include <gmock/gmock.h>

#include <array>

#include "tests/unit/ingest/auth/support.h"

namespace millrace::ingest {
namespace {

using test::secret;
using testing::HasSubstr;
using testing::StartsWith;

// The sheet, 5.1 and 6.
constexpr auto kApiKey = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A";
constexpr auto kSecret = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j";

BinanceSigner hmac_signer(std::string_view key = kSecret) {
  return BinanceSigner::hmac(secret(kApiKey), secret(key)).value();
}

// RFC 8032, 7.1, test 2.
const std::string& seed() {
  static const std::string bytes = test::unhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
  return bytes;
}
const std::string& public_key() {
  static const std::string bytes = test::unhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  return bytes;
}

BinanceSigner ed25519_signer() {
  return BinanceSigner::ed25519(secret(kApiKey), secret(test::ed25519_pem(seed()))).value();
}

TEST(BinanceSigner, SpotOrderOfTheDocumentation) {
  EXPECT_EQ(
      hmac_signer()
          .signed_query("symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1", {1499827319559, 5000})
          .value(),
      "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000"
      "&timestamp=1499827319559"
      "&signature=c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71");
}

TEST(BinanceSigner, FuturesOrderOfTheDocumentation) {
  const auto signer = hmac_signer("2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9");
  EXPECT_THAT(signer
                  .signed_query("symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=9000&timeInForce=GTC",
                                {1591702613943, 5000})
                  .value(),
              testing::EndsWith("&signature=3c661234138461fcc7a7d8746c6558c9842d4e10870d2ecbedf7777cad694af9"));
}

// The first three fields in the query, the rest in the body: the same order without a separator is another signature.
TEST(BinanceSigner, BodyFollowsTheQueryWithoutASeparator) {
  const auto signer = hmac_signer();
  const std::string query = signer.signed_query("symbol=LTCBTC", {1499827319559}, "side=BUY").value();
  const auto same = signer.signed_query("symbol=LTCBTC", {1499827319559}, "").value();
  EXPECT_THAT(query, StartsWith("symbol=LTCBTC&timestamp=1499827319559&signature="));
  EXPECT_NE(query, same);
}

TEST(BinanceSigner, ListenKeyNeedsTheHeaderAlone) {
  const SecretHeader header = hmac_signer().header();
  EXPECT_EQ(header.name, "X-MBX-APIKEY");
  EXPECT_EQ(header.value.reveal(), kApiKey);
}

TEST(BinanceSigner, WebSocketOrderOfTheDocumentationWhateverTheOrder) {
  const std::array<BinanceSigner::Parameter, 6> parameters{{{"type", "LIMIT"},
                                                            {"symbol", "BTCUSDT"},
                                                            {"side", "SELL"},
                                                            {"timeInForce", "GTC"},
                                                            {"quantity", "0.01000000"},
                                                            {"price", "52000.00"}}};
  EXPECT_EQ(hmac_signer().websocket_signature(parameters, {1645423376532, 100}).value(),
            "aa1b5712c094bc4e57c05a1a5c1fd8d88dcd628338ea863fec7b88e59fe2db24");
}

TEST(BinanceSigner, SubscribeRequest) {
  EXPECT_EQ(hmac_signer().subscribe_request("d3df8a21-98ea-4fe0-8f4e-0fcea5d418b7", {1747385641636}).value().reveal(),
            "{\"id\":\"d3df8a21-98ea-4fe0-8f4e-0fcea5d418b7\",\"method\":\"userDataStream.subscribe.signature\","
            "\"params\":{\"apiKey\":\"" +
                std::string(kApiKey) +
                "\",\"timestamp\":1747385641636,"
                "\"signature\":\"681110a6057ad58657af22f5640fab9dd17418834cdfccdc81be8b0f7b2cde3e\"}}");
}

TEST(BinanceSigner, SubscribeRequestSaysItsWindow) {
  const auto request = hmac_signer().subscribe_request("1", {1747385641636, 2000}).value();
  EXPECT_THAT(std::string(request.reveal()), HasSubstr("\"recvWindow\":2000,\"timestamp\":1747385641636,"));
  EXPECT_THAT(std::string(request.reveal()),
              HasSubstr(hmac_signer().websocket_signature({}, {1747385641636, 2000}).value()));
}

TEST(BinanceSigner, Ed25519InAQueryIsPercentEncodedAndVerifies) {
  const std::string query = ed25519_signer().signed_query("symbol=LTCBTC", {1499827319559}).value();
  const auto at = query.find("&signature=");
  ASSERT_NE(at, std::string::npos);
  std::string signature = query.substr(at + 11);
  EXPECT_EQ(signature.find_first_of("+/="), std::string::npos);
  for (const auto& [code, character] : {std::pair{"%2B", "+"}, {"%2F", "/"}, {"%3D", "="}}) {
    for (auto found = signature.find(code); found != std::string::npos; found = signature.find(code)) {
      signature.replace(found, 3, character);
    }
  }
  EXPECT_EQ(signature.size(), 88U);
  EXPECT_TRUE(test::verifies_ed25519(public_key(), query.substr(0, at), test::from_base64(signature)));
}

TEST(BinanceSigner, Ed25519OnTheWebSocket) {
  const std::string payload = "apiKey=" + std::string(kApiKey) + "&timestamp=1747385641636";
  const auto signature = ed25519_signer().websocket_signature({}, {1747385641636}).value();
  EXPECT_TRUE(test::verifies_ed25519(public_key(), payload, test::from_base64(signature)));
  const auto logon = ed25519_signer().logon_request("1", {1747385641636}).value();
  EXPECT_THAT(std::string(logon.reveal()), HasSubstr("\"method\":\"session.logon\""));
  EXPECT_THAT(std::string(logon.reveal()), HasSubstr("\"signature\":\"" + signature + "\""));
}

TEST(BinanceSigner, LogonTakesNoHmacKey) {
  EXPECT_EQ(hmac_signer().logon_request("1", {1747385641636}).error().code, AuthErrc::kBadKey);
}

TEST(BinanceSigner, RefusesWhatTheVenueWouldNotVerify) {
  const auto signer = hmac_signer();
  EXPECT_EQ(signer.signed_query("symbol=LTC BTC", {1}).error().code, AuthErrc::kBadArgument);
  EXPECT_EQ(signer.signed_query("symbol=\xe5\xb8\x81", {1}).error().code, AuthErrc::kBadArgument);
  EXPECT_EQ(signer.signed_query("a=1", {0}).error().code, AuthErrc::kBadArgument);
  EXPECT_EQ(signer.signed_query("a=1", {1, 60'001}).error().code, AuthErrc::kBadArgument);
  EXPECT_EQ(signer.signed_query("a=1", {1, 0}).error().code, AuthErrc::kBadArgument);
  EXPECT_TRUE(signer.signed_query("a=1", {1, 60'000}));
  EXPECT_EQ(signer.subscribe_request("\"", {1}).error().code, AuthErrc::kBadArgument);
  EXPECT_EQ(signer.subscribe_request(std::string(37, 'x'), {1}).error().code, AuthErrc::kBadArgument);
  const auto p256 = test::new_p256_key();
  EXPECT_EQ(BinanceSigner::ed25519(secret(kApiKey), secret(test::pkcs8_pem(p256.get()))).error().code,
            AuthErrc::kBadKey);
}

}  // namespace
}  // namespace millrace::ingest

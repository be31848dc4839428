#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "ingest/auth/auth_error.h"
#include "ingest/auth/private_key.h"
#include "ingest/auth/secret.h"

namespace millrace::ingest {

// When a request was signed, by our clock corrected by the venue's, and for how long it is good.
struct BinanceTime {
  std::int64_t timestamp_ms;                     // since 1970
  std::optional<std::int64_t> recv_window_ms{};  // 1 to 60,000; the venue's default is 5,000
};

// Binance spot and futures, REST and WebSocket API (sheet, 5.1 and 6), with the key of either kind.
class BinanceSigner {
 public:
  using Parameter = std::pair<std::string_view, std::string_view>;

  // `secret`: as Binance shows it once, used as it is. Errors: kEmpty, kBadText.
  static AuthResult<BinanceSigner> hmac(Secret api_key, Secret secret);
  // `pem`: PKCS#8. Errors: kEmpty, kBadText, kBadKey.
  static AuthResult<BinanceSigner> ed25519(Secret api_key, const Secret& pem);

  // X-MBX-APIKEY: with each signed call, and alone for a futures listenKey.
  SecretHeader header() const;

  // What stands behind the '?': `query` in its order, then recvWindow, timestamp and signature. `body` is signed along
  // and sent as it is. Both percent-encoded. Errors: kBadArgument, kCrypto.
  AuthResult<std::string> signed_query(std::string_view query, BinanceTime time, std::string_view body = {}) const;

  // `signature` of a WebSocket API request with these other parameters, in any order, unencoded. Errors: kBadArgument,
  // kCrypto.
  AuthResult<std::string> websocket_signature(std::span<const Parameter> parameters, BinanceTime time) const;

  // The text of userDataStream.subscribe.signature: the account's events on this connection. `id`: at most 36
  // characters, ours. Errors: kBadArgument, kCrypto.
  AuthResult<Secret> subscribe_request(std::string_view id, BinanceTime time) const;

  // The text of session.logon, after which a connection needs no further signature. Ed25519 keys only. Errors:
  // kBadKey, kBadArgument, kCrypto.
  AuthResult<Secret> logon_request(std::string_view id, BinanceTime time) const;

 private:
  BinanceSigner(Secret api_key, Secret secret) : api_key_(std::move(api_key)), secret_(std::move(secret)) {}
  BinanceSigner(Secret api_key, PrivateKey key) : api_key_(std::move(api_key)), key_(std::move(key)) {}

  AuthResult<std::string> sign(std::string_view payload) const;
  AuthResult<Secret> request(std::string_view id, std::string_view method, BinanceTime time) const;

  Secret api_key_;
  Secret secret_;                  // HMAC
  std::optional<PrivateKey> key_;  // Ed25519; set = used
};

}  // namespace millrace::ingest

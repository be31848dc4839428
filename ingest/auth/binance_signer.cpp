#include "ingest/auth/binance_signer.h"

#include <algorithm>
#include <vector>

#include "ingest/auth/digest.h"
#include "ingest/auth/key_text.h"
#include "ingest/auth/message_text.h"

namespace millrace::ingest {
namespace {

constexpr std::int64_t kLongestWindowMs = 60'000;
constexpr std::size_t kLongestId = 36;

AuthResult<void> check_time(const BinanceTime& time) {
  if (time.timestamp_ms <= 0) return AuthError{AuthErrc::kBadArgument, "timestamp before 1970"};
  const auto window = time.recv_window_ms.value_or(1);
  if (window < 1 || window > kLongestWindowMs) {
    return AuthError{AuthErrc::kBadArgument, "recvWindow must be 1 to 60000 ms"};
  }
  return {};
}

std::string time_query(const BinanceTime& time) {
  std::string text;
  if (time.recv_window_ms) text = "recvWindow=" + std::to_string(*time.recv_window_ms) + "&";
  return text + "timestamp=" + std::to_string(time.timestamp_ms);
}

// Sorted by name, joined with '&', nothing encoded. Has the API key in it.
Secret websocket_payload(std::vector<BinanceSigner::Parameter> parameters) {
  std::ranges::sort(parameters);
  std::vector<std::string_view> parts;
  for (const auto& [name, value] : parameters) {
    if (!parts.empty()) parts.emplace_back("&");
    parts.insert(parts.end(), {name, "=", value});
  }
  return Secret::joined(parts);
}

}  // namespace

AuthResult<BinanceSigner> BinanceSigner::hmac(Secret api_key, Secret secret) {
  if (const auto fit = check_text(api_key, "Binance API key"); !fit) return fit.error();
  if (const auto fit = check_text(secret, "Binance secret key"); !fit) return fit.error();
  return BinanceSigner(std::move(api_key), std::move(secret));
}

AuthResult<BinanceSigner> BinanceSigner::ed25519(Secret api_key, const Secret& pem) {
  if (const auto fit = check_text(api_key, "Binance API key"); !fit) return fit.error();
  auto key = PrivateKey::from_pem(pem, "Binance private key");
  if (!key) return key.error();
  if (key->kind() != PrivateKey::Kind::kEd25519) {
    return AuthError{AuthErrc::kBadKey, "Binance private key: is not an Ed25519 key"};
  }
  return BinanceSigner(std::move(api_key), std::move(*key));
}

SecretHeader BinanceSigner::header() const { return {"X-MBX-APIKEY", Secret::copy_of(api_key_.reveal())}; }

AuthResult<std::string> BinanceSigner::sign(std::string_view payload) const {
  if (key_) {
    const auto raw = key_->sign(payload);
    if (!raw) return raw.error();
    return base64(*raw);
  }
  const auto mac = ingest::hmac(Hash::kSha256, secret_.reveal(), payload);
  if (!mac) return mac.error();
  return hex(*mac);
}

AuthResult<std::string> BinanceSigner::signed_query(std::string_view query, BinanceTime time,
                                                    std::string_view body) const {
  if (const auto fit = check_time(time); !fit) return fit.error();
  if (const auto fit = check_encoded(query, "query"); !fit) return fit.error();
  if (const auto fit = check_encoded(body, "body"); !fit) return fit.error();
  std::string text(query);
  if (!text.empty()) text += '&';
  text += time_query(time);
  const auto signature = sign(std::string(text).append(body));
  if (!signature) return signature.error();
  return text + "&signature=" + percent_encoded(*signature);
}

AuthResult<std::string> BinanceSigner::websocket_signature(std::span<const Parameter> parameters,
                                                           BinanceTime time) const {
  if (const auto fit = check_time(time); !fit) return fit.error();
  const std::string timestamp = std::to_string(time.timestamp_ms);
  const std::string window = std::to_string(time.recv_window_ms.value_or(0));
  std::vector<Parameter> all(parameters.begin(), parameters.end());
  all.insert(all.end(), {{"apiKey", api_key_.reveal()}, {"timestamp", timestamp}});
  if (time.recv_window_ms) all.emplace_back("recvWindow", window);
  return sign(websocket_payload(std::move(all)).reveal());
}

AuthResult<Secret> BinanceSigner::subscribe_request(std::string_view id, BinanceTime time) const {
  return request(id, "userDataStream.subscribe.signature", time);
}

AuthResult<Secret> BinanceSigner::logon_request(std::string_view id, BinanceTime time) const {
  if (!key_) return AuthError{AuthErrc::kBadKey, "Binance session.logon takes Ed25519 keys only"};
  return request(id, "session.logon", time);
}

AuthResult<Secret> BinanceSigner::request(std::string_view id, std::string_view method, BinanceTime time) const {
  const auto unfit = [](char c) { return c < ' ' || c > '~' || c == '"' || c == '\\'; };
  if (id.empty() || id.size() > kLongestId || std::ranges::any_of(id, unfit)) {
    return AuthError{AuthErrc::kBadArgument, "request id must be 1 to 36 plain characters"};
  }
  const auto signature = websocket_signature({}, time);
  if (!signature) return signature.error();
  const std::string timestamp = std::to_string(time.timestamp_ms);
  const std::string window =
      time.recv_window_ms ? ",\"recvWindow\":" + std::to_string(*time.recv_window_ms) : std::string();
  const Secret key = json_escaped(api_key_.reveal());
  return Secret::joined({"{\"id\":\"", id, "\",\"method\":\"", method, "\",\"params\":{\"apiKey\":\"", key.reveal(),
                         "\"", window, ",\"timestamp\":", timestamp, ",\"signature\":\"", *signature, "\"}}"});
}

}  // namespace millrace::ingest

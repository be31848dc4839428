#include "ingest/auth/account_signer.h"

#include <openssl/crypto.h>

#include <utility>

#include "ingest/auth/alpaca_signer.h"
#include "ingest/auth/binance_signer.h"
#include "ingest/auth/coinbase_advanced_signer.h"
#include "ingest/auth/coinbase_exchange_signer.h"
#include "ingest/auth/digest.h"
#include "ingest/auth/kraken_signer.h"

namespace millrace::ingest {
namespace {

using normalize::PrivateRequest;
using normalize::PrivateText;
using normalize::Signing;

constexpr std::string_view kForm = "application/x-www-form-urlencoded";

template <class Headers>
void take_headers(Headers&& headers, SignedRequest& out) {
  for (SecretHeader& header : headers) out.headers.push_back(std::move(header));
}

class KrakenAccountSigner final : public AccountSigner {
 public:
  KrakenAccountSigner(KrakenSigner signer, SigningWorld world)
      : AccountSigner(std::move(world)), signer_(std::move(signer)) {}

 private:
  AuthResult<Secret> sign_text(const std::string&) const override {
    return AuthError{AuthErrc::kBadArgument, "Kraken signs no messages: its token is enough"};
  }
  AuthResult<void> sign(const PrivateRequest& request, std::string_view, SignedRequest& out) const override {
    const auto nonce = world_.nonce(world_.now_ns());
    if (!nonce) return nonce.error();
    auto made = signer_.request(request.target, *nonce, request.body);
    if (!made) return made.error();
    out.body = Secret::copy_of(made->body);
    out.content_type = kForm;
    take_headers(made->headers, out);
    return {};
  }

  KrakenSigner signer_;
};

// Text: the id of the request that subscribes to the account's events.
class BinanceAccountSigner final : public AccountSigner {
 public:
  BinanceAccountSigner(BinanceSigner signer, SigningWorld world)
      : AccountSigner(std::move(world)), signer_(std::move(signer)) {}

 private:
  AuthResult<Secret> sign_text(const std::string& text) const override {
    return signer_.subscribe_request(text, {.timestamp_ms = now_ms()});
  }
  AuthResult<void> sign(const PrivateRequest& request, std::string_view, SignedRequest& out) const override {
    const std::string_view target = request.target;
    const std::size_t mark = std::min(target.find('?'), target.size());
    const std::string_view query = mark < target.size() ? target.substr(mark + 1) : std::string_view{};
    const auto made = signer_.signed_query(query, {.timestamp_ms = now_ms()}, request.body);
    if (!made) return made.error();
    out.target = Secret::joined({target.substr(0, mark), "?", *made});
    if (!request.body.empty()) out.content_type = kForm;
    out.headers.push_back(signer_.header());
    return {};
  }
  AuthResult<void> add_key(SignedRequest& out) const override {
    out.headers.push_back(signer_.header());
    return {};
  }

  BinanceSigner signer_;
};

// Text: the subscribe message without what identifies us.
class CoinbaseExchangeAccountSigner final : public AccountSigner {
 public:
  CoinbaseExchangeAccountSigner(CoinbaseExchangeSigner signer, SigningWorld world)
      : AccountSigner(std::move(world)), signer_(std::move(signer)) {}

 private:
  AuthResult<Secret> sign_text(const std::string& text) const override {
    return signer_.signed_subscribe(text, now_s());
  }
  AuthResult<void> sign(const PrivateRequest& request, std::string_view, SignedRequest& out) const override {
    auto headers = signer_.headers(now_s(), request.method, request.target, request.body);
    if (!headers) return headers.error();
    take_headers(*headers, out);
    return {};
  }

  CoinbaseExchangeSigner signer_;
};

// Text: the subscribe message without its token.
class CoinbaseAdvancedAccountSigner final : public AccountSigner {
 public:
  CoinbaseAdvancedAccountSigner(CoinbaseAdvancedSigner signer, SigningWorld world)
      : AccountSigner(std::move(world)), signer_(std::move(signer)) {}

 private:
  static constexpr std::size_t kRandomBytes = 16;

  AuthResult<Secret> sign_text(const std::string& text) const override {
    return signer_.signed_subscribe(text, now_s(), world_.random(kRandomBytes));
  }
  AuthResult<void> sign(const PrivateRequest& request, std::string_view host, SignedRequest& out) const override {
    auto header = signer_.rest_header(now_s(), world_.random(kRandomBytes), request.method, host, request.target);
    if (!header) return header.error();
    out.headers.push_back(std::move(*header));
    return {};
  }

  CoinbaseAdvancedSigner signer_;
};

// Text: anything, as the whole auth message is made here.
class AlpacaAccountSigner final : public AccountSigner {
 public:
  AlpacaAccountSigner(AlpacaSigner signer, SigningWorld world)
      : AccountSigner(std::move(world)), signer_(std::move(signer)) {}

 private:
  AuthResult<Secret> sign_text(const std::string&) const override { return signer_.auth_message(); }
  AuthResult<void> sign(const PrivateRequest&, std::string_view, SignedRequest& out) const override {
    take_headers(signer_.headers(), out);
    return {};
  }

  AlpacaSigner signer_;
};

template <class Adapter, class Signer>
AuthResult<std::unique_ptr<AccountSigner>> wrap(AuthResult<Signer> signer, SigningWorld world) {
  if (!signer) return signer.error();
  return std::unique_ptr<AccountSigner>(std::make_unique<Adapter>(std::move(*signer), std::move(world)));
}

// An Ed25519 key is a PEM block, in one line where it came through a variable.
bool is_pem(std::string_view text) { return text.find("-----BEGIN") != std::string_view::npos; }

}  // namespace

AuthResult<std::string> fingerprint(const AccountKeys& keys) {
  std::string lengths;
  for (const Secret* part : {&keys.api_key, &keys.secret, &keys.passphrase}) {
    lengths += std::to_string(part->size()) + ' ';
  }
  const Secret all = Secret::joined({lengths, keys.api_key.reveal(), keys.secret.reveal(), keys.passphrase.reveal()});
  return sha256(all.reveal());
}

AuthResult<Secret> AccountSigner::text(const PrivateText& text) const {
  switch (text.signing) {
    case Signing::kSign:
      return sign_text(text.text);
    case Signing::kToken:
      return with_token(text.text);
    case Signing::kNone:
      return Secret::copy_of(text.text);
    case Signing::kKey:
      break;
  }
  return AuthError{AuthErrc::kBadArgument, "a message cannot carry a bare key"};
}

AuthResult<SignedRequest> AccountSigner::request(const PrivateRequest& request, std::string_view host) const {
  SignedRequest out;
  out.method = request.method;
  out.target = Secret::copy_of(request.target);
  out.body = Secret::copy_of(request.body);
  if (!request.body.empty()) out.content_type = kForm;
  AuthResult<void> done{};
  if (request.signing == Signing::kSign) done = sign(request, host, out);
  if (request.signing == Signing::kKey) done = add_key(out);
  if (request.signing == Signing::kToken) out.target = with_token(request.target);
  if (!done) return done.error();
  return out;
}

AuthResult<void> AccountSigner::add_key(SignedRequest&) const {
  return AuthError{AuthErrc::kBadArgument, "this venue has no calls with a bare key"};
}

Secret AccountSigner::with_token(std::string_view text) const {
  const std::size_t at = text.find(normalize::kTokenPlace);
  if (at == std::string_view::npos) return Secret::copy_of(text);
  return Secret::joined({text.substr(0, at), token_.reveal(), text.substr(at + normalize::kTokenPlace.size())});
}

AuthResult<std::unique_ptr<AccountSigner>> make_account_signer(normalize::AuthScheme scheme, AccountKeys keys,
                                                               SigningWorld world) {
  using normalize::AuthScheme;
  switch (scheme) {
    case AuthScheme::kKraken:
      return wrap<KrakenAccountSigner>(KrakenSigner::make(std::move(keys.api_key), keys.secret), std::move(world));
    case AuthScheme::kBinance:
      return wrap<BinanceAccountSigner>(is_pem(keys.secret.reveal())
                                            ? BinanceSigner::ed25519(std::move(keys.api_key), keys.secret)
                                            : BinanceSigner::hmac(std::move(keys.api_key), std::move(keys.secret)),
                                        std::move(world));
    case AuthScheme::kCoinbaseExchange:
      return wrap<CoinbaseExchangeAccountSigner>(
          CoinbaseExchangeSigner::make(std::move(keys.api_key), keys.secret, std::move(keys.passphrase)),
          std::move(world));
    case AuthScheme::kCoinbaseAdvanced:
      return wrap<CoinbaseAdvancedAccountSigner>(CoinbaseAdvancedSigner::make(std::move(keys.api_key), keys.secret),
                                                 std::move(world));
    case AuthScheme::kAlpaca:
      return wrap<AlpacaAccountSigner>(AlpacaSigner::make(std::move(keys.api_key), std::move(keys.secret)),
                                       std::move(world));
  }
  return AuthError{AuthErrc::kBadArgument, "no signer of this kind"};
}

// Tokens are plain base64 or letters; what would need an escape is none. Read here rather than by a JSON parser, whose
// buffers nobody wipes.
AuthResult<Secret> take_token(std::string& body, std::string_view member) {
  const std::string quoted = "\"" + std::string(member) + "\"";
  std::size_t at = body.find(quoted);
  if (at != std::string::npos) at = body.find_first_not_of(" \t\r\n:", at + quoted.size());
  const bool text = at != std::string::npos && body[at] == '"';
  const std::size_t end = text ? body.find_first_of("\"\\", at + 1) : std::string::npos;
  Secret token;
  if (end != std::string::npos && body[end] == '"') {
    token = Secret::copy_of(std::string_view(body).substr(at + 1, end - at - 1));
  }
  OPENSSL_cleanse(body.data(), body.size());
  body.clear();
  if (token.empty()) return AuthError{AuthErrc::kBadText, "the answer holds no \"" + std::string(member) + "\""};
  return token;
}

}  // namespace millrace::ingest

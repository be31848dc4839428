#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/auth/auth_error.h"
#include "ingest/auth/secret.h"
#include "normalize/account/account_adapter.h"

namespace millrace::ingest {

// What a venue gives out with an API key. Which of them a venue needs: Kraken, Binance with HMAC, Coinbase Advanced and
// Alpaca key and secret; Coinbase Exchange also the passphrase. A Binance secret that is a PEM text means Ed25519.
struct AccountKeys {
  Secret api_key;
  Secret secret;
  Secret passphrase;
};

// The same for the same keys, another one for others; tells nothing about them. Errors: kCrypto.
AuthResult<std::string> fingerprint(const AccountKeys& keys);

// What signing needs from the world; tests hand in their own.
struct SigningWorld {
  std::function<std::int64_t()> now_ns;                          // since 1970, corrected by the venue's clock
  std::function<AuthResult<std::uint64_t>(std::int64_t)> nonce;  // NonceSource::next
  std::function<std::string(std::size_t)> random;                // so many unpredictable bytes
};

// A request as it goes onto the wire.
struct SignedRequest {
  std::string method;
  Secret target;  // with signature or token, so it is a secret for as long as it is good
  Secret body;
  std::string content_type;  // empty = no body
  std::vector<SecretHeader> headers;
};

// Finishes the messages and requests of one account (normalize::Signing says how). One thread, except that `nonce` may
// block on another process's fsync. What comes out goes to the socket and nowhere else.
class AccountSigner {
 public:
  virtual ~AccountSigner() = default;

  // The account's token, from now on put in place of kTokenPlace.
  void set_token(Secret token) { token_ = std::move(token); }
  bool has_token() const noexcept { return !token_.empty(); }

  // Errors: as the venue's signer; kBadArgument where the venue has no such signing.
  AuthResult<Secret> text(const normalize::PrivateText& text) const;
  // `host` is the REST host's name, `path` what stands before each target (a proxy's), both from the configured
  // address.
  AuthResult<SignedRequest> request(const normalize::PrivateRequest& request, std::string_view host) const;
  // An address with its token.
  Secret address(std::string_view url) const { return with_token(url); }

 protected:
  explicit AccountSigner(SigningWorld world) : world_(std::move(world)) {}

  virtual AuthResult<Secret> sign_text(const std::string& text) const = 0;
  // Fills in headers, and changes target and body where the venue signs there.
  virtual AuthResult<void> sign(const normalize::PrivateRequest& request, std::string_view host,
                                SignedRequest& out) const = 0;
  // Only the key, without a signature.
  virtual AuthResult<void> add_key(SignedRequest& out) const;

  Secret with_token(std::string_view text) const;
  std::int64_t now_ms() const { return world_.now_ns() / 1'000'000; }
  std::int64_t now_s() const { return world_.now_ns() / 1'000'000'000; }

  SigningWorld world_;
  Secret token_;
};

// Errors: those of the venue's signer: a key that is not what the venue gives out.
AuthResult<std::unique_ptr<AccountSigner>> make_account_signer(normalize::AuthScheme scheme, AccountKeys keys,
                                                               SigningWorld world);

// The string member `member` of a JSON object, wherever it stands in it, as a Secret: Kraken's and Binance's tokens.
// `body` is overwritten. Errors: kBadText.
AuthResult<Secret> take_token(std::string& body, std::string_view member);

}  // namespace millrace::ingest

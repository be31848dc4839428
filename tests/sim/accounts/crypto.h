#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

// What a venue checks a client's proofs with: OpenSSL, and nothing that the product signs with. Bytes are strings.
namespace millrace::sim::accounts {

std::string sha256(std::string_view bytes);
std::string hmac_sha256(std::string_view key, std::string_view bytes);
std::string hmac_sha512(std::string_view key, std::string_view bytes);

std::string to_hex(std::string_view bytes);
std::string to_base64(std::string_view bytes);
// nullopt unless it is base64 with its padding.
std::optional<std::string> from_base64(std::string_view text);
std::string to_base64url(std::string_view bytes);
// Without padding.
std::optional<std::string> from_base64url(std::string_view text);

// Equal, in a time that does not depend on where they differ. Hex in any case if `any_case`.
bool same_proof(std::string_view a, std::string_view b, bool any_case = false);

// A key pair of a client, of which a venue needs the public half only: Ed25519 or EC P-256.
class ClientKey {
 public:
  // From the PEM of the private key, as the client holds it. nullopt if it is none of the two.
  static std::optional<ClientKey> from_pem(std::string_view pem);
  // Ed25519 from its seed of 32 bytes.
  static std::optional<ClientKey> ed25519(std::string_view seed);
  static ClientKey make_p256();

  bool is_ed25519() const noexcept;
  // Ed25519: the raw 64 bytes. P-256: r and s, 32 bytes each, over the SHA-256.
  bool verifies(std::string_view message, std::string_view signature) const;
  std::string sign(std::string_view message) const;
  // PKCS#8 for Ed25519 ("PRIVATE KEY"), SEC1 for P-256 ("EC PRIVATE KEY"), as the venues hand them out.
  std::string pem() const;

 private:
  explicit ClientKey(void* key);

  std::shared_ptr<void> key_;  // EVP_PKEY
};

// `size` bytes nobody can predict. Throws std::runtime_error if OpenSSL has none.
std::string random_bytes(std::size_t size);

}  // namespace millrace::sim::accounts

#include "tests/unit/ingest/auth/support.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "ingest/auth/digest.h"
#include "ingest/record/base64.h"

namespace millrace::ingest::test {
namespace {

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;

const unsigned char* octets(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

template <class Write>
std::string written(Write write) {
  const Bio bio(BIO_new(BIO_s_mem()));
  if (write(bio.get()) != 1) throw std::runtime_error("OpenSSL cannot write the key");
  char* text = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

bool verifies(EVP_PKEY* key, const EVP_MD* digest, std::string_view message, std::string_view signature) {
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  return EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), octets(signature), signature.size(), octets(message), message.size()) == 1;
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "auth-test-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryFolder::file_with(std::string_view name, std::string_view content, int mode) const {
  const std::string path = file(name);
  std::ofstream(path, std::ios::binary) << content;
  if (chmod(path.c_str(), static_cast<mode_t>(mode)) != 0) throw std::runtime_error("chmod " + path);
  return path;
}

KeyHandle new_p256_key() { return KeyHandle(EVP_EC_gen("P-256")); }

std::string pkcs8_pem(EVP_PKEY* key, const std::string& password) {
  const EVP_CIPHER* cipher = password.empty() ? nullptr : EVP_aes_128_cbc();
  return written([&](BIO* bio) {
    return PEM_write_bio_PKCS8PrivateKey(bio, key, cipher, password.data(), static_cast<int>(password.size()), nullptr,
                                         nullptr);
  });
}

std::string traditional_pem(EVP_PKEY* key, const std::string& password) {
  const EVP_CIPHER* cipher = password.empty() ? nullptr : EVP_aes_128_cbc();
  return written([&](BIO* bio) {
    return PEM_write_bio_PrivateKey_traditional(bio, key, cipher, const_cast<unsigned char*>(octets(password)),
                                                static_cast<int>(password.size()), nullptr, nullptr);
  });
}

bool verifies_es256(EVP_PKEY* key, std::string_view message, std::string_view signature) {
  if (signature.size() != 64) return false;
  const std::unique_ptr<ECDSA_SIG, void (*)(ECDSA_SIG*)> pair(ECDSA_SIG_new(), ECDSA_SIG_free);
  ECDSA_SIG_set0(pair.get(), BN_bin2bn(octets(signature), 32, nullptr),
                 BN_bin2bn(octets(signature.substr(32)), 32, nullptr));
  std::vector<unsigned char> der(static_cast<std::size_t>(i2d_ECDSA_SIG(pair.get(), nullptr)));
  unsigned char* out = der.data();
  i2d_ECDSA_SIG(pair.get(), &out);
  return verifies(key, EVP_sha256(), message, {reinterpret_cast<const char*>(der.data()), der.size()});
}

bool verifies_ed25519(std::string_view public_key, std::string_view message, std::string_view signature) {
  const KeyHandle key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, octets(public_key), public_key.size()));
  return key && verifies(key.get(), nullptr, message, signature);
}

std::string unhex(std::string_view digits) {
  std::string bytes;
  for (std::size_t at = 0; at + 1 < digits.size(); at += 2) {
    bytes += static_cast<char>(std::stoi(std::string(digits.substr(at, 2)), nullptr, 16));
  }
  return bytes;
}

std::string from_base64(std::string_view text) {
  std::string bytes;
  if (!decode_base64(text, bytes)) throw std::runtime_error("not base64: " + std::string(text));
  return bytes;
}

std::string from_base64url(std::string_view text) {
  std::string padded(text);
  if (padded.find_first_of("+/=") != std::string::npos) throw std::runtime_error("not base64url: " + padded);
  for (char& c : padded) {
    if (c == '-') c = '+';
    if (c == '_') c = '/';
  }
  while (padded.size() % 4 != 0) padded += '=';
  return from_base64(padded);
}

// RFC 8410, 7.
std::string ed25519_pem(std::string_view seed) {
  const std::string der = unhex("302e020100300506032b657004220420") + std::string(seed);
  return "-----BEGIN PRIVATE KEY-----\n" + base64(der) + "\n-----END PRIVATE KEY-----\n";
}

std::string read_file(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

}  // namespace millrace::ingest::test

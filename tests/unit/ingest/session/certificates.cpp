#include "tests/unit/ingest/session/certificates.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>

namespace millrace::ingest::test {
namespace {

template <auto Free>
struct With {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, With<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, With<X509_free>>;

constexpr long kDay = 24 * 3600;

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, With<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  if (!extension || X509_add_ext(certificate, extension.get(), -1) != 1) throw std::runtime_error("extension " + value);
}

Certificate blank(const char* name, EVP_PKEY* key, long from, long until) {
  Certificate made(X509_new());
  X509_set_version(made.get(), 2);
  static long serial = 1;
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), serial++);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), from);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), until);
  X509_set_pubkey(made.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  return made;
}

void sign(X509* certificate, X509* issuer, EVP_PKEY* issuer_key) {
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
  if (X509_sign(certificate, issuer_key, EVP_sha256()) == 0) throw std::runtime_error("cannot sign");
}

template <class Write>
void write_pem(const std::string& path, Write write) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "w"), std::fclose);
  if (!file || write(file.get()) != 1) throw std::runtime_error("cannot write " + path);
}

bool is_ip(const std::string& host) {
  in6_addr bytes;
  return inet_pton(AF_INET, host.c_str(), &bytes) == 1 || inet_pton(AF_INET6, host.c_str(), &bytes) == 1;
}

}  // namespace

Certificates::Certificates(const std::string& host, bool expired) {
  std::string pattern = std::filesystem::temp_directory_path() / "millrace-ca-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
  folder_ = pattern;

  const Key ca_key(EVP_EC_gen("P-256")), server_key(EVP_EC_gen("P-256"));
  const Certificate authority = blank("Millrace test CA", ca_key.get(), -30 * kDay, 30 * kDay);
  add_extension(authority.get(), authority.get(), NID_basic_constraints, "critical,CA:TRUE");
  sign(authority.get(), authority.get(), ca_key.get());

  const Certificate server = blank("server", server_key.get(), -20 * kDay, expired ? -kDay : 20 * kDay);
  add_extension(server.get(), authority.get(), NID_subject_alt_name, (is_ip(host) ? "IP:" : "DNS:") + host);
  sign(server.get(), authority.get(), ca_key.get());

  write_pem(ca(), [&](std::FILE* file) { return PEM_write_X509(file, authority.get()); });
  write_pem(chain(), [&](std::FILE* file) { return PEM_write_X509(file, server.get()); });
  write_pem(key(), [&](std::FILE* file) {
    return PEM_write_PrivateKey(file, server_key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}

Certificates::~Certificates() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

}  // namespace millrace::ingest::test

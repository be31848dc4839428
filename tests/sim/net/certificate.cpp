#include "tests/sim/net/certificate.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <stdexcept>
#include <string>

namespace millrace::sim {

namespace {

struct Release {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using Key = std::unique_ptr<EVP_PKEY, Release>;
using Certificate = std::unique_ptr<X509, Release>;
using File = std::unique_ptr<std::FILE, Release>;

void require(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("TLS set-up failed: ") + what);
}

Key new_key() {
  Key key(EVP_EC_gen("P-256"));
  require(key != nullptr, "key");
  return key;
}

void add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  require(extension != nullptr, "certificate extension");
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// A certificate without extensions and signature. Serial numbers are random: a client may keep several simulators' CAs.
Certificate new_certificate(EVP_PKEY* key, const char* common_name) {
  Certificate certificate(X509_new());
  require(certificate != nullptr, "certificate");
  std::uint32_t serial = 0;
  require(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1, "random serial");
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial | 1U);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 30L * 24 * 3600);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(common_name), -1, -1, 0);
  return certificate;
}

void sign(X509* certificate, X509* issuer, EVP_PKEY* issuer_key) {
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
  require(X509_sign(certificate, issuer_key, EVP_sha256()) > 0, "signature");
}

SSL_CTX* server_context(X509* certificate, EVP_PKEY* key, X509* authority) {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  require(context != nullptr, "context");
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_mode(context, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  const unsigned char id[] = "millrace-sim";
  SSL_CTX_set_session_id_context(context, id, sizeof id - 1);
  require(SSL_CTX_use_certificate(context, certificate) == 1, "certificate");
  require(SSL_CTX_use_PrivateKey(context, key) == 1, "key");
  X509_up_ref(authority);
  SSL_CTX_add_extra_chain_cert(context, authority);  // takes the reference
  return context;
}

}  // namespace

ServerIdentity::ServerIdentity(const std::filesystem::path& folder) : ca_file_(folder / "ca.pem") {
  const Key authority_key = new_key();
  const Certificate authority = new_certificate(authority_key.get(), "Millrace simulator CA");
  add_extension(authority.get(), authority.get(), NID_basic_constraints, "critical,CA:TRUE");
  add_extension(authority.get(), authority.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(authority.get(), authority.get(), NID_subject_key_identifier, "hash");
  sign(authority.get(), authority.get(), authority_key.get());

  const Key key = new_key();
  const Certificate certificate = new_certificate(key.get(), "localhost");
  add_extension(certificate.get(), authority.get(), NID_basic_constraints, "critical,CA:FALSE");
  add_extension(certificate.get(), authority.get(), NID_key_usage, "critical,digitalSignature");
  add_extension(certificate.get(), authority.get(), NID_ext_key_usage, "serverAuth");
  add_extension(certificate.get(), authority.get(), NID_authority_key_identifier, "keyid");
  add_extension(certificate.get(), authority.get(), NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost");
  sign(certificate.get(), authority.get(), authority_key.get());

  const File file(std::fopen(ca_file_.c_str(), "w"));
  require(file != nullptr, "the CA file cannot be written");
  require(PEM_write_X509(file.get(), authority.get()) == 1, "the CA file cannot be written");
  context_ = server_context(certificate.get(), key.get(), authority.get());
}

ServerIdentity::~ServerIdentity() { SSL_CTX_free(context_); }

}  // namespace millrace::sim

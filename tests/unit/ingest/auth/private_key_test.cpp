#include "ingest/auth/private_key.h"

#include <gmock/gmock.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "ingest/auth/digest.h"
#include "tests/unit/ingest/auth/support.h"

namespace millrace::ingest {
namespace {

using test::secret;
using testing::HasSubstr;

AuthErrc why_not(const std::string& pem) {
  const auto key = PrivateKey::from_pem(secret(pem), "the key");
  return key ? AuthErrc{} : key.error().code;
}

// RFC 8032, 7.1, tests 1 to 3.
TEST(PrivateKey, Ed25519Vectors) {
  struct Vector {
    const char *seed, *message, *signature;
  };
  for (const auto& [seed, message, signature] :
       {Vector{
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f059"
            "5bbe24655141438e7a100b"},
        Vector{
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4"
            "302aeeb00d291612bb0c00"},
        Vector{
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e971"
            "6ed28dc027beceea1ec40a"}}) {
    const auto key = PrivateKey::from_pem(secret(test::ed25519_pem(test::unhex(seed))), "the key").value();
    EXPECT_EQ(key.kind(), PrivateKey::Kind::kEd25519);
    EXPECT_EQ(hex(key.sign(test::unhex(message)).value()), signature);
  }
}

// One r or s in 128 is shorter than 32 bytes and must be padded.
TEST(PrivateKey, Es256SignaturesAre64BytesAndVerify) {
  const auto made = test::new_p256_key();
  const auto key = PrivateKey::from_pem(secret(test::traditional_pem(made.get())), "the key").value();
  EXPECT_EQ(key.kind(), PrivateKey::Kind::kP256);
  for (int i = 0; i < 600; ++i) {
    const std::string message = "message " + std::to_string(i);
    ASSERT_TRUE(test::verifies_es256(made.get(), message, key.sign(message).value())) << message;
  }
}

TEST(PrivateKey, PemAsPeoplePasteIt) {
  const auto made = test::new_p256_key();
  const std::string pem = test::traditional_pem(made.get());
  std::string spelled_out;
  for (const char c : pem) spelled_out += c == '\n' ? std::string("\\n") : std::string(1, c);
  std::string windows;
  for (const char c : pem) windows += c == '\n' ? std::string("\r\n") : std::string(1, c);
  const std::string parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
  for (const std::string& text : {pem, spelled_out, windows, parameters + pem}) {
    const auto key = PrivateKey::from_pem(secret(text), "the key");
    ASSERT_TRUE(key) << key.error().where;
    EXPECT_TRUE(test::verifies_es256(made.get(), "m", key->sign("m").value()));
  }
}

TEST(PrivateKey, PasswordsAreRefusedAndNotAskedFor) {
  const auto made = test::new_p256_key();
  for (const std::string& pem :
       {test::pkcs8_pem(made.get(), "password"), test::traditional_pem(made.get(), "password")}) {
    const auto key = PrivateKey::from_pem(secret(pem), "the key");
    ASSERT_FALSE(key);
    EXPECT_THAT(key.error().where, HasSubstr("password"));
  }
}

TEST(PrivateKey, OtherKindsAreRefused) {
  const test::KeyHandle p384(EVP_EC_gen("P-384"));
  const test::KeyHandle rsa(EVP_RSA_gen(1024));
  EXPECT_EQ(why_not(test::traditional_pem(p384.get())), AuthErrc::kBadKey);
  EXPECT_EQ(why_not(test::pkcs8_pem(p384.get())), AuthErrc::kBadKey);
  EXPECT_EQ(why_not(test::pkcs8_pem(rsa.get())), AuthErrc::kBadKey);
  EXPECT_EQ(why_not("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"), AuthErrc::kBadKey);
  EXPECT_EQ(why_not(""), AuthErrc::kBadKey);
}

TEST(PrivateKey, ScalarsOutsideTheCurveAreRefused) {
  const std::string before = test::unhex("30310201010420");
  const std::string after = test::unhex("a00a06082a8648ce3d030107");
  const auto pem = [&](const std::string& scalar) {
    return "-----BEGIN EC PRIVATE KEY-----\n" + base64(before + scalar + after) + "\n-----END EC PRIVATE KEY-----\n";
  };
  const std::string order = test::unhex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  std::string last = order;
  last.back() = 0x50;
  EXPECT_EQ(why_not(pem(std::string(32, '\0'))), AuthErrc::kBadKey);
  EXPECT_EQ(why_not(pem(order)), AuthErrc::kBadKey);
  EXPECT_EQ(why_not(pem(last)), AuthErrc{});
}

// Cut anywhere, or with any byte changed, it is a key or an error; the sanitizers say whether a read went astray.
TEST(PrivateKey, DamagedDer) {
  const auto made = test::new_p256_key();
  for (const bool sec1 : {true, false}) {
    const std::string label = sec1 ? "EC PRIVATE KEY" : "PRIVATE KEY";
    const std::string begin = "-----BEGIN " + label + "-----\n";
    const std::string end = "-----END " + label + "-----\n";
    const std::string pem = sec1 ? test::traditional_pem(made.get()) : test::pkcs8_pem(made.get());
    std::string body = pem.substr(begin.size(), pem.size() - begin.size() - end.size());
    std::erase(body, '\n');
    const std::string der = test::from_base64(body);
    for (std::size_t at = 0; at < der.size(); ++at) {
      EXPECT_EQ(why_not(begin + base64(der.substr(0, at)) + "\n" + end), AuthErrc::kBadKey) << at;
      std::string changed = der;
      for (const char value : {'\x00', '\x7f', '\x80', '\xff'}) {
        changed[at] = value;
        const auto key = PrivateKey::from_pem(secret(begin + base64(changed) + "\n" + end), "the key");
        if (key) {
          EXPECT_EQ(key->sign("m").value().size(), 64U);
        }
      }
    }
  }
  EXPECT_EQ(ERR_peek_error(), 0U) << "left for the next TLS call to trip over";
}

TEST(PrivateKey, Ed25519HalvesMustBelongTogether) {
  const std::string seed = test::unhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
  const auto key = PrivateKey::from_ed25519_base64(secret(base64(seed + seed)), "the key");
  ASSERT_FALSE(key);
  EXPECT_THAT(key.error().where, HasSubstr("do not belong together"));
  EXPECT_FALSE(PrivateKey::from_ed25519_base64(secret(base64(seed + "x")), "the key"));
}

}  // namespace
}  // namespace millrace::ingest

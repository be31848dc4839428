#include <gmock/gmock.h>

#include <cstdlib>
#include <stdexcept>
#include <vector>

#include "ingest/auth/alpaca_signer.h"
#include "ingest/auth/binance_signer.h"
#include "ingest/auth/coinbase_advanced_signer.h"
#include "ingest/auth/coinbase_exchange_signer.h"
#include "ingest/auth/kraken_signer.h"
#include "ingest/auth/secret_source.h"
#include "tests/unit/ingest/auth/support.h"

namespace millrace::ingest {
namespace {

using test::secret;

// Every way in which a key can be wrong, each with this in it.
constexpr std::string_view kCanary = "hunter2hunter2";

template <class T>
void add(std::vector<AuthError>& errors, const AuthResult<T>& result) {
  ASSERT_FALSE(result);
  errors.push_back(result.error());
}

std::vector<std::string> unfit_keys() {
  const std::string canary(kCanary);
  return {canary + "!",
          canary + "!\n" + canary,
          "-----BEGIN PRIVATE KEY-----" + canary,
          "-----BEGIN PRIVATE KEY-----" + canary + "-----END PRIVATE KEY-----",
          "-----BEGIN EC PRIVATE KEY-----\nProc-Type: " + canary + "\n-----END EC PRIVATE KEY-----",
          "-----BEGIN EC PRIVATE KEY-----\n" + canary + "AA\n-----END EC PRIVATE KEY-----",
          "-----BEGIN " + canary + "-----\n" + canary + "\n-----END " + canary + "-----"};
}

TEST(ErrorTexts, NeverHoldAKey) {
  std::vector<AuthError> errors;
  for (const std::string& key : unfit_keys()) {
    add(errors, KrakenSigner::make(secret("api"), secret(key)));
    add(errors, BinanceSigner::ed25519(secret("api"), secret(key)));
    add(errors, CoinbaseExchangeSigner::make(secret("api"), secret(key), secret("p")));
    add(errors, CoinbaseAdvancedSigner::make(secret("name"), secret(key)));
  }
  const std::string broken = std::string(kCanary) + "\n";
  add(errors, KrakenSigner::make(secret(broken), secret("AAAA")));
  add(errors, BinanceSigner::hmac(secret(broken), secret("s")));
  add(errors, BinanceSigner::hmac(secret("api"), secret(broken)));
  add(errors, BinanceSigner::ed25519(secret(broken), secret("s")));
  add(errors, CoinbaseExchangeSigner::make(secret(broken), secret("AAAA"), secret("p")));
  add(errors, CoinbaseExchangeSigner::make(secret("api"), secret("AAAA"), secret(broken)));
  add(errors, CoinbaseAdvancedSigner::make(secret(broken), secret("AAAA")));
  add(errors, AlpacaSigner::make(secret(broken), secret("s")));
  add(errors, AlpacaSigner::make(secret("key"), secret(broken)));
  add(errors, BinanceSigner::hmac(secret(kCanary), secret(kCanary))->logon_request("1", {1}));
  const test::TemporaryFolder folder;
  add(errors, load_secret_file(folder.file_with("exposed", kCanary, 0644)));
  std::string large;
  while (large.size() <= 64 * 1024) large += kCanary;
  add(errors, load_secret_file(folder.file_with("large", large)));
  setenv("AUTH_TEST_LARGE", large.c_str(), 1);
  add(errors, take_secret_variable("AUTH_TEST_LARGE"));
  for (const AuthError& error : errors) {
    EXPECT_THAT(error.where, testing::Not(testing::HasSubstr("hunter")));
    EXPECT_FALSE(error.where.empty());
    EXPECT_NE(name(error.code), "unknown");
  }
}

TEST(ErrorTexts, AStartThatFailsSaysWhy) {
  try {
    static_cast<void>(load_secret_file("/nonexistent/kraken.key").value());
    FAIL() << "no error";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "not_found: /nonexistent/kraken.key: No such file or directory");
  }
}

}  // namespace
}  // namespace millrace::ingest

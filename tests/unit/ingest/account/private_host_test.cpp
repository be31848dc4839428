#include "ingest/account/private_host.h"

#include <gtest/gtest.h>

namespace millrace::ingest {
namespace {

TEST(ShareOfBudget, IsTheWholeWhereEachKeyIsCountedByItself) {
  AccountConfig config;
  config.keys.api_key_env = "WORKER";
  normalize::AccountCapabilities per_key;
  per_key.rest_limit_per_key = true;
  const normalize::AccountCapabilities shared;
  EXPECT_EQ(share_of_budget(config, per_key, 30), 30) << "one key for both";
  config.sidecar_keys.api_key_env = "SIDECAR";
  EXPECT_EQ(share_of_budget(config, per_key, 30), 100);
  EXPECT_EQ(share_of_budget(config, shared, 30), 30);
  const auto kraken = normalize::make_account_venue("kraken", {});
  EXPECT_EQ(share_of_budget(config, kraken->capabilities(), 70), 100);
}

}  // namespace
}  // namespace millrace::ingest

#include "ingest/account/account_setup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ingest/account/account_keys.h"
#include "tests/unit/ingest/auth/support.h"

namespace millrace::ingest {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct AccountSetupTest : testing::Test {
  AccountConfig account(std::string name, std::string_view key_file) {
    AccountConfig made;
    made.venue = "kraken";
    made.name = std::move(name);
    made.keys.api_key_file = folder.file_with(std::string(key_file), "key");
    made.keys.secret_file = folder.file_with("secret", "c2VjcmV0");
    return made;
  }

  test::TemporaryFolder folder;
};

TEST_F(AccountSetupTest, KeysMoveAndNothingElseDoes) {
  std::vector<AccountConfig> mine{account("a", "old"), account("b", "old")};
  std::vector<AccountConfig> wanted{account("a", "new"), account("b", "old")};
  EXPECT_THAT(renew_accounts(mine, wanted, nullptr), IsEmpty());
  EXPECT_EQ(mine, wanted);
  wanted[1].limits.rest_weight_per_minute = 5;
  wanted.push_back(account("c", "new"));
  EXPECT_THAT(renew_accounts(mine, wanted, nullptr),
              ElementsAre("account kraken/b has changed in more than its keys", "account kraken/c is new"));
  EXPECT_EQ(mine[1].limits.rest_weight_per_minute, 0);
  EXPECT_THAT(renew_accounts(mine, {}, nullptr), ElementsAre("account kraken/a is gone", "account kraken/b is gone"));
}

TEST_F(AccountSetupTest, KeysThatCannotBeReadChangeNothing) {
  std::vector<AccountConfig> mine{account("a", "old")};
  std::vector<AccountConfig> wanted = mine;
  wanted[0].keys.api_key_file = "/nowhere/key";
  EXPECT_THAT(renew_accounts(mine, wanted, nullptr), IsEmpty());
  EXPECT_NE(mine[0].keys.api_key_file, "/nowhere/key");
}

TEST_F(AccountSetupTest, WhatTheEnvironmentHeldIsNotLookedForAgain) {
  KeySource source = account("a", "file").keys;
  EXPECT_TRUE(reload_keys(source).value());
  source.secret_file.clear();
  source.secret_env = "MILLRACE_TEST_NO_SUCH_VARIABLE";
  EXPECT_FALSE(reload_keys(source).value());
}

}  // namespace
}  // namespace millrace::ingest

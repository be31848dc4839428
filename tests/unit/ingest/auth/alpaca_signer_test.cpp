#include "ingest/auth/alpaca_signer.h"

#include <gmock/gmock.h>

#include "tests/unit/ingest/auth/support.h"

namespace millrace::ingest {
namespace {

using test::secret;

TEST(AlpacaSigner, HeadersAndMessageOfTheSheet) {
  const auto signer = AlpacaSigner::make(secret("PK1"), secret("s/3+c")).value();
  const auto headers = signer.headers();
  EXPECT_EQ(headers[0].name, "APCA-API-KEY-ID");
  EXPECT_EQ(headers[0].value.reveal(), "PK1");
  EXPECT_EQ(headers[1].name, "APCA-API-SECRET-KEY");
  EXPECT_EQ(headers[1].value.reveal(), "s/3+c");
  EXPECT_EQ(signer.auth_message().reveal(), R"({"action":"auth","key":"PK1","secret":"s/3+c"})");
}

TEST(AlpacaSigner, RefusesAKeyThatCouldEndAHeader) {
  EXPECT_EQ(AlpacaSigner::make(secret("PK1"), secret("a\nb")).error().code, AuthErrc::kBadText);
  EXPECT_EQ(AlpacaSigner::make(secret(""), secret("a")).error().code, AuthErrc::kEmpty);
}

}  // namespace
}  // namespace millrace::ingest

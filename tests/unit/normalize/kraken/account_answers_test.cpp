#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "normalize/venues/kraken/account_answers.h"
#include "tests/unit/normalize/kraken/account_test.h"

// What an answer means that is no success, the venue's clock, and what the venue is as data.
namespace millrace::normalize::kraken {
namespace {

using testing::HasSubstr;

std::string error(const std::string& words) { return R"({"error":[")" + words + R"("]})"; }

struct Words {
  const char* words;
  Verdict verdict;
};
class KrakenErrors : public testing::TestWithParam<Words> {};
TEST_P(KrakenErrors, EachIsOfItsClass) {
  const Account kraken;
  const auto judgement = kraken.judge(error(GetParam().words));
  EXPECT_EQ(judgement.verdict, GetParam().verdict);
  EXPECT_EQ(judgement.detail, GetParam().words);
}
// The list of the sheet, section 8.
INSTANTIATE_TEST_SUITE_P(
    Sheet, KrakenErrors,
    testing::Values(
        Words{"EAPI:Invalid key", Verdict::kAuth}, Words{"EAPI:Invalid signature", Verdict::kAuth},
        Words{"EAPI:Invalid nonce", Verdict::kNonce}, Words{"EGeneral:Permission denied", Verdict::kAuth},
        Words{"EAccount:Invalid permissions", Verdict::kAuth},
        Words{"EAuth:Account temporary disabled", Verdict::kAuth}, Words{"EAuth:Account unconfirmed", Verdict::kAuth},
        Words{"EGeneral:Temporary lockout", Verdict::kAuth}, Words{"EAPI:Rate limit exceeded", Verdict::kRateLimited},
        Words{"EOrder:Rate limit exceeded", Verdict::kRateLimited},
        Words{"EOrder:Domain rate limit exceeded", Verdict::kRateLimited},
        Words{"EAuth:Rate limit exceeded", Verdict::kRateLimited},
        Words{"EAuth:Too many requests", Verdict::kRateLimited},
        Words{"EOrder:Orders limit exceeded", Verdict::kRateLimited},
        Words{"EService: Throttled: 1700000042", Verdict::kRateLimited},
        Words{"EService:Unavailable", Verdict::kTransient}, Words{"EService:Busy", Verdict::kTransient},
        Words{"EService:Market in cancel_only mode", Verdict::kTransient},
        Words{"EService:Market in post_only mode", Verdict::kTransient},
        Words{"EService:Deadline elapsed", Verdict::kTransient}, Words{"EGeneral:Internal error", Verdict::kTransient},
        Words{"EGeneral:Internal error:17", Verdict::kTransient}, Words{"ESession:Invalid session", Verdict::kToken},
        Words{"EGeneral:Invalid arguments", Verdict::kRefused},
        Words{"EGeneral:Invalid arguments:volume", Verdict::kRefused},
        Words{"EQuery:Unknown asset pair", Verdict::kRefused}, Words{"EOrder:Insufficient funds", Verdict::kRefused},
        Words{"EOrder:Unknown order", Verdict::kRefused}));

TEST(KrakenJudge, AThrottleSaysUntilWhen) {
  Account kraken;
  kraken.now = 1'700'000'000 * kNanosPerSecond;
  EXPECT_EQ(kraken.judge(error("EService: Throttled: 1700000042")).wait_ns, 42 * kNanosPerSecond);
  EXPECT_EQ(kraken.judge(error("EService: Throttled: 1600000000")).wait_ns, kNanosPerSecond) << "over already";
  EXPECT_EQ(kraken.judge(error("EService: Throttled: 1900000000")).wait_ns, 3600 * kNanosPerSecond) << "absurd";
  EXPECT_EQ(kraken.judge(error("EService: Throttled: soon")).wait_ns, 0) << "the shell's own wait";
  EXPECT_EQ(kraken.judge(error("EAPI:Rate limit exceeded")).wait_ns, 0);
}

TEST(KrakenJudge, AWarningAloneIsNoFailure) {
  const Account kraken;
  EXPECT_EQ(kraken.judge(R"({"error":["WGeneral:Deprecated"],"result":{}})").verdict, Verdict::kGood);
  EXPECT_EQ(kraken.judge(R"({"error":["WGeneral:Deprecated","EAPI:Invalid key"]})").verdict, Verdict::kAuth);
  EXPECT_EQ(kraken.judge(R"({"error":[],"result":{}})").verdict, Verdict::kGood);
}

TEST(KrakenJudge, StatusesWithoutTheVenuesWords) {
  const Account kraken;
  const char* const page = "<html><body>error</body></html>";
  EXPECT_EQ(kraken.judge(page, 401).verdict, Verdict::kAuth);
  EXPECT_EQ(kraken.judge(page, 403).verdict, Verdict::kAuth);
  EXPECT_EQ(kraken.judge(page, 418).verdict, Verdict::kRateLimited);
  EXPECT_EQ(kraken.judge(page, 429).verdict, Verdict::kRateLimited);
  EXPECT_EQ(kraken.judge(page, 404).verdict, Verdict::kRefused);
  for (const int status : {0, 400, 408, 500, 502, 503, 504, 520, 521, 522, 523, 524}) {
    EXPECT_EQ(kraken.judge(page, status).verdict, Verdict::kTransient) << status;
  }
  EXPECT_EQ(kraken.judge("connection reset", 0).detail, "connection reset");
  EXPECT_THAT(kraken.judge(page, 520).detail, HasSubstr("520"));
}

TEST(KrakenJudge, TheVenuesWordsCountForMoreThanTheStatus) {
  const Account kraken;
  EXPECT_EQ(kraken.judge(error("EAPI:Invalid nonce"), 401).verdict, Verdict::kNonce);
  EXPECT_EQ(kraken.judge(R"({"error":[],"result":{}})", 502).verdict, Verdict::kTransient);
}

TEST(KrakenJudge, APageOrACutAnswerWithStatus200IsTheEdges) {
  const Account kraken;
  const std::string whole = test::VenueHarness::fixture("kraken", "account_rest_trades_history.json");
  EXPECT_EQ(kraken.judge(whole).verdict, Verdict::kGood);
  EXPECT_EQ(kraken.judge("<html>").verdict, Verdict::kTransient);
  EXPECT_EQ(kraken.judge(R"({"result":"success"})").verdict, Verdict::kTransient);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    ASSERT_EQ(kraken.judge(whole.substr(0, size)).verdict, Verdict::kTransient) << size;
  }
}

TEST(KrakenTime, TheVenuesClockIsReadFromAPublicRequest) {
  const Account kraken;
  const PrivateRequest request = kraken.venue->time_request();
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.target, "/0/public/Time");
  EXPECT_EQ(request.signing, Signing::kNone);
  const auto read = [&kraken](std::string_view body) {
    const test::PaddedText padded(body);
    return kraken.venue->read_time({"time", "/0/public/Time", padded.view(), {}, 200, 0});
  };
  const auto time = read(R"({"error":[],"result":{"unixtime":1616336594,"rfc1123":"Sun, 21 Mar 21 14:23:14 +0000"}})");
  ASSERT_TRUE(time);
  EXPECT_EQ(*time, 1'616'336'594 * kNanosPerSecond);
  EXPECT_EQ(read(R"({"error":[],"result":{}})").error(), (Error{Errc::kMissingField, "result.unixtime"}));
  EXPECT_EQ(read(R"({"error":[],"result":{"unixtime":"now"}})").error(), (Error{Errc::kBadTime, "result.unixtime"}));
  EXPECT_EQ(read(error("EService:Busy")).error().code, Errc::kRefused);
}

TEST(KrakenTime, SecondsWithDecimalsAreReadExactly) {
  EXPECT_EQ(read_unix_seconds("1688585840.8921"), 1'688'585'840'892'100'000);
  EXPECT_EQ(read_unix_seconds("1762795433.9717445"), 1'762'795'433'971'744'500);
  EXPECT_EQ(read_unix_seconds("1.6885858408921e9"), 1'688'585'840'892'100'000);
  EXPECT_EQ(read_unix_seconds("1688585840"), 1'688'585'840'000'000'000);
  for (const char* const bad : {"", "0", "-1", "x", "1688585840.8921000001", "99999999999"}) {
    EXPECT_FALSE(read_unix_seconds(bad)) << bad;
  }
}

TEST(KrakenAccountVenue, ItsTokenIsFetchedOnEachConnectAndLivesFifteenMinutes) {
  const Account kraken;
  const TokenRule& rule = kraken.venue->token();
  EXPECT_EQ(rule.request.method, "POST");
  EXPECT_EQ(rule.request.target, "/0/private/GetWebSocketsToken");
  EXPECT_EQ(rule.request.signing, Signing::kSign);
  EXPECT_EQ(rule.member, "token");
  EXPECT_TRUE(rule.each_connect);
  EXPECT_FALSE(rule.before_connect);
  EXPECT_EQ(rule.refresh_ns, 13 * 60 * kNanosPerSecond);
  EXPECT_EQ(rule.urgent_ns, 14 * 60 * kNanosPerSecond);
  EXPECT_EQ(rule.lifetime_ns, 15 * 60 * kNanosPerSecond);
  EXPECT_EQ(rule.prolong.target, "");
}

TEST(KrakenAccountVenue, ItsAddressesCanBeConfigured) {
  EXPECT_EQ(Account().venue->ws_url(), "wss://ws-auth.kraken.com/v2");
  EXPECT_EQ(Account().venue->rest_url(), "https://api.kraken.com");
  VenueOptions options;
  options.ws_url = "wss://localhost:1/v2";
  options.rest_url = "https://localhost:2";
  const auto venue = make_account_venue("kraken", options);
  EXPECT_EQ(venue->ws_url(), "wss://localhost:1/v2");
  EXPECT_EQ(venue->rest_url(), "https://localhost:2");
  EXPECT_FALSE(venue->capabilities().fills_per_symbol);
  EXPECT_EQ(venue->capabilities().evidence, schemas::LossEvidence::kSequence);
}

}  // namespace
}  // namespace millrace::normalize::kraken

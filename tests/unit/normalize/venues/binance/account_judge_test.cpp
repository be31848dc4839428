#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/normalize/venues/binance/account_texts.h"

// What answers of REST mean, and what is asked apart from the account's state.
namespace millrace::test {
namespace {

using normalize::Judgement;
using normalize::Signing;
using normalize::Verdict;
using testing::HasSubstr;

struct Case {
  int status;
  std::string body;
  Verdict verdict;
};

TEST(BinanceJudge, ClassesOfTheSheet) {
  const auto code = [](int number) { return fmt::format(R"({{"code":{},"msg":"words"}})", number); };
  const Case cases[] = {
      {200, "[]", Verdict::kGood},
      {200, R"({"listenKey":"abc"})", Verdict::kGood},
      {200, "{}", Verdict::kGood},
      {200, R"({"code":200,"msg":"success"})", Verdict::kGood},
      {200, " [1]\n", Verdict::kGood},
      {200, code(-1121), Verdict::kRefused},
      {200, "<html><body>Welcome</body></html>", Verdict::kTransient},
      {200, "", Verdict::kTransient},
      {200, R"([{"id":1},{"id")", Verdict::kTransient},
      {403, "<html>blocked</html>", Verdict::kRateLimited},
      {403, code(-2015), Verdict::kAuth},
      {429, code(-1003), Verdict::kRateLimited},
      {429, "<html></html>", Verdict::kRateLimited},
      {418, code(-1003), Verdict::kRateLimited},
      {418, code(-2015), Verdict::kRateLimited},
      {400, code(-1003), Verdict::kRateLimited},
      {400, code(-1015), Verdict::kRateLimited},
      {400, code(-1034), Verdict::kRateLimited},
      {400, code(-1191), Verdict::kRateLimited},
      {400, code(-1021), Verdict::kClock},
      {400, code(-1125), Verdict::kToken},
      {401, code(-2015), Verdict::kAuth},
      {400, code(-2015), Verdict::kAuth},
      {400, code(-2014), Verdict::kAuth},
      {400, code(-1022), Verdict::kAuth},
      {400, code(-1002), Verdict::kAuth},
      {401, "{}", Verdict::kAuth},
      {400, code(-1000), Verdict::kTransient},
      {400, code(-1001), Verdict::kTransient},
      {400, code(-1006), Verdict::kTransient},
      {400, code(-1007), Verdict::kTransient},
      {503, code(-1008), Verdict::kTransient},
      {400, code(-1016), Verdict::kTransient},
      {400, code(-1100), Verdict::kRefused},
      {400, code(-1130), Verdict::kRefused},
      {400, code(-2013), Verdict::kRefused},
      {400, code(-2026), Verdict::kRefused},
      {404, "{}", Verdict::kRefused},
      {500, "{}", Verdict::kTransient},
      {503, "Service Unavailable.", Verdict::kTransient},
      {503, code(-9999), Verdict::kTransient},
      {0, "connection reset", Verdict::kTransient},
  };
  const AccountHarness account{"binance-spot"};
  for (const Case& one : cases) {
    EXPECT_EQ(account.judge(one.body, one.status).verdict, one.verdict) << one.status << " " << one.body;
  }
}

TEST(BinanceJudge, ABanSaysHowLong) {
  AccountHarness account{"binance-spot"};
  account.now = 1'659'146'399'000'000'000;
  const std::string body =
      R"({"code":-1003,"msg":"Way too much request weight used; IP banned until 1659146400000. Please use WebSocket."})";
  EXPECT_EQ(account.judge(body, 418).wait_ns, 1'000'000'000);
  account.now = 1'659'146'401'000'000'000;
  EXPECT_EQ(account.judge(body, 418).wait_ns, 0) << "it is over";
  EXPECT_EQ(account.judge(R"({"code":-1003,"msg":"Too many; wait until tomorrow"})", 429).wait_ns, 0);
}

TEST(BinanceJudge, TellsTheVenuesWords) {
  const AccountHarness account{"binance-usdm"};
  EXPECT_EQ(account.judge(R"({"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."})", 401).detail,
            "HTTP 401: -2015 Invalid API-key, IP, or permissions for action.");
  const Judgement page = account.judge("<html>\n" + std::string(10'000, 'x'), 403);
  EXPECT_THAT(page.detail, HasSubstr("HTTP 403 with no JSON: <html> xxx"));
  EXPECT_LT(page.detail.size(), 300u);
  EXPECT_EQ(account.judge("", 200).detail, "HTTP 200 with no JSON: ");
}

TEST(BinanceAccountVenue, AddressesAreTheVenuesOrTheConfigured) {
  const auto url = [](std::string_view venue, std::string configured) {
    normalize::VenueOptions options;
    options.ws_url = std::move(configured);
    return normalize::make_account_venue(venue, options)->ws_url();
  };
  EXPECT_EQ(url("binance-spot", ""), "wss://ws-api.binance.com:443/ws-api/v3?returnRateLimits=false");
  EXPECT_EQ(url("binance-usdm", ""),
            "wss://fstream.binance.com/private/ws?listenKey=${token}&events=ORDER_TRADE_UPDATE/ACCOUNT_UPDATE");
  EXPECT_EQ(url("binance-spot", "wss://127.0.0.1:9/"), "wss://127.0.0.1:9/ws-api/v3?returnRateLimits=false");
  EXPECT_EQ(url("binance-usdm", "wss://127.0.0.1:9"),
            "wss://127.0.0.1:9/private/ws?listenKey=${token}&events=ORDER_TRADE_UPDATE/ACCOUNT_UPDATE");
  EXPECT_EQ(url("binance-usdm", "wss://fstream.binance.com/private/ws/${token}"),
            "wss://fstream.binance.com/private/ws/${token}");
  normalize::VenueOptions options;
  EXPECT_EQ(normalize::make_account_venue("binance-usdm", options)->rest_url(), "https://fapi.binance.com");
  options.rest_url = "https://127.0.0.1:9";
  EXPECT_EQ(normalize::make_account_venue("binance-spot", options)->rest_url(), "https://127.0.0.1:9");
}

TEST(BinanceAccountVenue, AListenKeyIsProlongedInTime) {
  const auto futures = normalize::make_account_venue("binance-usdm", {});
  const normalize::TokenRule& rule = futures->token();
  EXPECT_EQ(rule.request.method, "POST");
  EXPECT_EQ(rule.request.target, "/fapi/v1/listenKey");
  EXPECT_EQ(rule.request.signing, Signing::kKey);
  EXPECT_EQ(rule.member, "listenKey");
  EXPECT_TRUE(rule.before_connect);
  EXPECT_FALSE(rule.each_connect);
  EXPECT_EQ(rule.prolong.method, "PUT");
  EXPECT_EQ(rule.prolong.target, "/fapi/v1/listenKey");
  EXPECT_EQ(rule.refresh_ns, 30 * 60'000'000'000);
  EXPECT_EQ(rule.lifetime_ns, 60 * 60'000'000'000);
  EXPECT_EQ(normalize::make_account_venue("binance-spot", {})->token().request.target, "") << "spot has no tokens";
}

TEST(BinanceAccountVenue, TheVenuesClockIsPublic) {
  const AccountHarness account{"binance-usdm"};
  const auto request = account.venue->time_request();
  EXPECT_EQ(request.target, "/fapi/v1/time");
  EXPECT_EQ(request.signing, Signing::kNone);
  const auto read = [&](std::string_view body) {
    const PaddedText padded(body);
    return account.venue->read_time({"time", request.target, padded.view(), {}, 200, 0});
  };
  EXPECT_EQ(read(R"({"serverTime":1499827319559})").value(), 1'499'827'319'559'000'000);
  EXPECT_EQ(read(R"({"serverTime":0})").error(), (normalize::Error{normalize::Errc::kBadTime, "time.serverTime"}));
  EXPECT_EQ(read("{}").error(), (normalize::Error{normalize::Errc::kMissingField, "time.serverTime"}));
}

}  // namespace
}  // namespace millrace::test

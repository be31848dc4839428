#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/account_harness.h"

// What the tests of Coinbase's private sides share.
namespace millrace::normalize::coinbase {

inline constexpr schemas::UnixNanos kSecond = 1'000'000'000;

// An empty list of orders of Coinbase Advanced.
inline constexpr std::string_view kNoOrders = R"({"orders":[],"has_next":false,"cursor":""})";

// tests/fixtures/coinbase/<name>.json
std::string fixture(std::string_view name);
// `text` with the first `from` replaced; fails the test if there is none.
std::string changed(std::string text, std::string_view from, std::string_view to);

struct Account : test::AccountHarness {
  using AccountHarness::AccountHarness;

  void connect();
  void time(schemas::UnixNanos at);
  Result<void> feed(std::string_view message);
  Result<void> feed_file(std::string_view name) { return feed(fixture(name)); }
  // Answers the last request for "orders", "recent", "accounts" or "order/<id>".
  Result<void> answer_to(std::string_view what, std::string_view body, int status = 200, std::string_view page = {});
  // Its key; fails the test if nothing like it was ever asked.
  std::string key_of(std::string_view what);
  Result<void> answer_key(const std::string& key, std::string_view body, int status = 200, std::string_view page = {});

 private:
  void keep_requests();

  std::vector<std::string> keys_;  // of all requests, in order
};

// coinbase-exchange, account "main", products ETH-USDT and BTC-USD.
struct Exchange : Account {
  Exchange() : Account("coinbase-exchange", "main", std::vector<std::string>{"ETH-USDT", "BTC-USD"}) {}

  // Opened, acknowledged, nothing open, no balances; what was said until then is forgotten.
  void go_live();
};

// coinbase-advanced, account "main".
struct Advanced : Account {
  Advanced() : Account("coinbase-advanced") {}

  void go_live();
};

// Plain digits, "-" if absent.
std::string text(const std::optional<schemas::WideDecimal>& value);
// "execution LIVE subscribed", in order.
std::vector<std::string> state_lines(const test::AccountRecorder& out);
// "execution reconnect", "execution sequence 3..4".
std::vector<std::string> gap_lines(const test::AccountRecorder& out);
// "TRADE PARTIALLY_FILLED cum 0.2 leaves 0.3": kind, status and quantities of each execution.
std::vector<std::string> order_lines(const test::AccountRecorder& out);

// All of a walk over these pages (body, value of the page header); how many were read.
struct Walked {
  std::vector<FoundFill> fills;
  std::vector<std::string> targets;
  std::optional<Error> error;
};
Walked walk(const AccountVenue& venue, SweepRange range, const std::vector<std::string>& pages);

}  // namespace millrace::normalize::coinbase

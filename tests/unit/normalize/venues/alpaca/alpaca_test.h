#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/account_harness.h"

// What the tests of Alpaca's private side share.
namespace millrace::normalize::alpaca {

inline constexpr schemas::UnixNanos kSecond = 1'000'000'000;
inline constexpr std::string_view kOrder = "a5be8f5e-fdfa-41f5-a644-7a74fe947a8f";  // of the fixtures

// tests/fixtures/alpaca/<name>.json
std::string fixture(std::string_view name);
// `text` with the first `from` replaced; fails the test if there is none.
std::string changed(std::string text, std::string_view from, std::string_view to);

// One account of "alpaca", named "main".
struct Account : test::AccountHarness {
  Account() : AccountHarness("alpaca") {}

  void connect();
  void time(schemas::UnixNanos at);
  Result<void> feed(std::string_view message);
  // Opened, authorized, listening, nothing open; what was said until then is forgotten.
  void go_live();
  Result<void> feed_file(std::string_view name) { return feed(fixture(name)); }
  // Answers the last request for "orders", "recent", "account", "positions" or "order/<id>".
  Result<void> answer_to(std::string_view what, std::string_view body, int status = 200);
  // Its key; fails the test if nothing like it was ever asked.
  std::string key_of(std::string_view what);
  Result<void> answer_key(const std::string& key, std::string_view body, int status = 200);

 private:
  void keep_requests();

  std::vector<std::string> keys_;  // of all requests, in order
};

// Plain digits, "-" if absent.
std::string text(const std::optional<schemas::WideDecimal>& value);
std::vector<std::string> asked(const AccountCommands& todo);
// "execution LIVE subscribed", in order.
std::vector<std::string> state_lines(const test::AccountRecorder& out);
// "TRADE PARTIALLY_FILLED cum 0.2 leaves 0.3": kind, status and quantities of each execution.
std::vector<std::string> order_lines(const test::AccountRecorder& out);
// "BTCUSD 2.61937 2.5": asset, total, available.
std::vector<std::string> balance_lines(const test::AccountRecorder& out);

}  // namespace millrace::normalize::alpaca

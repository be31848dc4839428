#include "tests/unit/normalize/venues/alpaca/alpaca_test.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "normalize/account/decimal_math.h"
#include "tests/support/venue_harness.h"

namespace millrace::normalize::alpaca {

std::string fixture(std::string_view name) {
  return test::VenueHarness::fixture("alpaca", std::string(name) + ".json");
}

std::string changed(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

void Account::keep_requests() {
  for (const PrivateRequest& request : todo.rest) keys_.push_back(request.key);
}

void Account::connect() {
  open();
  keep_requests();
}

void Account::time(schemas::UnixNanos at) {
  AccountHarness::time(at);
  keep_requests();
}

Result<void> Account::feed(std::string_view message) {
  auto done = AccountHarness::feed(message);
  keep_requests();
  return done;
}

// Keys are "orders/3" and "order/1/<id>": a number tells rounds and connections.
std::string Account::key_of(std::string_view what) {
  const std::size_t slash = what.find('/');
  const std::string begin = std::string(what.substr(0, slash)) + "/";
  const std::string_view end = slash == std::string_view::npos ? std::string_view() : what.substr(slash);
  const auto found = std::find_if(keys_.rbegin(), keys_.rend(),
                                  [&](const std::string& key) { return key.starts_with(begin) && key.ends_with(end); });
  if (found != keys_.rend()) return *found;
  ADD_FAILURE() << "nothing was asked about " << what;
  return {};
}

void Account::go_live() {
  connect();
  EXPECT_TRUE(feed_file("authorized"));
  EXPECT_TRUE(feed_file("listening"));
  EXPECT_TRUE(answer_to("orders", "[]"));
  EXPECT_TRUE(answer_to("recent", "[]"));
  EXPECT_TRUE(answer_to("assets", fixture("rest_assets")));
  EXPECT_TRUE(answer_to("account", fixture("rest_account")));
  EXPECT_TRUE(answer_to("positions", "[]"));
  clear();
}

Result<void> Account::answer_to(std::string_view what, std::string_view body, int status) {
  return answer_key(key_of(what), body, status);
}

Result<void> Account::answer_key(const std::string& key, std::string_view body, int status) {
  auto done = answer(key, "", body, status);
  keep_requests();
  return done;
}

std::string text(const std::optional<schemas::WideDecimal>& value) { return value ? plain_text(*value) : "-"; }

std::vector<std::string> asked(const AccountCommands& todo) {
  std::vector<std::string> targets;
  for (const PrivateRequest& request : todo.rest) targets.push_back(request.target);
  return targets;
}

std::vector<std::string> state_lines(const test::AccountRecorder& out) {
  std::vector<std::string> lines;
  for (const auto& one : out.states) {
    lines.push_back(fmt::format("{} {} {}", name(one.dataset), schemas::name(one.state), one.reason));
  }
  return lines;
}

std::vector<std::string> order_lines(const test::AccountRecorder& out) {
  std::vector<std::string> lines;
  for (const auto& one : out.executions) {
    lines.push_back(fmt::format("{} {} cum {} leaves {}", schemas::name(one.body.kind), schemas::name(one.body.status),
                                text(one.body.cumulative_quantity), text(one.body.leaves_quantity)));
  }
  return lines;
}

std::vector<std::string> balance_lines(const test::AccountRecorder& out) {
  std::vector<std::string> lines;
  for (const auto& one : out.balances) {
    lines.push_back(fmt::format("{} {} {}", one.body.asset, text(one.body.total), text(one.body.available)));
  }
  return lines;
}

}  // namespace millrace::normalize::alpaca

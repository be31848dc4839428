#include "tests/unit/normalize/kraken/account_test.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "normalize/account/decimal_math.h"

namespace millrace::normalize::kraken {

LiveAccount::LiveAccount() {
  open();
  EXPECT_TRUE(feed_file("ack_executions"));
  EXPECT_TRUE(feed_file("ack_balances"));
  EXPECT_TRUE(feed_file("executions_empty"));
  EXPECT_TRUE(feed(balance_frame("snapshot", 1, "")));
  clear();
}

std::vector<std::string> state_lines(const test::AccountRecorder& out) {
  std::vector<std::string> lines;
  for (const auto& one : out.states) {
    lines.push_back(fmt::format("{} {} {}", name(one.dataset), schemas::name(one.state), one.reason));
  }
  return lines;
}

std::vector<std::string> gap_lines(const test::AccountRecorder& out) {
  std::vector<std::string> lines;
  for (const auto& one : out.gaps) {
    EXPECT_EQ(one.mark.kind, schemas::GapKind::kVenue);
    std::string line = fmt::format("{} {}", name(one.dataset), one.mark.reason);
    if (one.mark.from) line += fmt::format(" {}..{}", *one.mark.from, *one.mark.to);
    lines.push_back(line);
  }
  return lines;
}

std::string execution_frame(std::string_view type, int sequence, std::string_view rows) {
  return fmt::format(R"({{"channel":"executions","type":"{}","data":[{}],"sequence":{}}})", type, rows, sequence);
}

std::string balance_frame(std::string_view type, int sequence, std::string_view rows) {
  return fmt::format(R"({{"channel":"balances","type":"{}","data":[{}],"sequence":{}}})", type, rows, sequence);
}

std::string fill_row(std::string_view exec_id, std::string_view quantity, std::string_view total) {
  return fmt::format(
      R"({{"order_id":"OK4GJX-KSTLS-7DZZO5","exec_id":"{}","exec_type":"trade","trade_id":1,"symbol":"BTC/USD",)"
      R"("side":"sell","last_qty":{},"last_price":26599.9,"liquidity_ind":"t","cost":1,"order_type":"limit",)"
      R"("timestamp":"2023-09-22T10:33:06.000000Z","order_status":"partially_filled","cum_qty":{},)"
      R"("fees":[{{"asset":"USD","qty":0.1}}]}})",
      exec_id, quantity, total);
}

std::string text(const std::optional<schemas::WideDecimal>& value) { return value ? plain_text(*value) : "-"; }

}  // namespace millrace::normalize::kraken

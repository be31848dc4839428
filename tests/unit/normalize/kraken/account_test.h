#pragma once

#include <string>
#include <string_view>

#include "tests/support/account_harness.h"
#include "tests/support/venue_harness.h"

// What the tests of the account side share.
namespace millrace::normalize::kraken {

inline constexpr schemas::UnixNanos kNanosPerSecond = 1'000'000'000;

struct Account : test::AccountHarness {
  Account() : AccountHarness("kraken") {}

  Result<void> feed_file(std::string_view name) {
    return feed(test::VenueHarness::fixture("kraken", "account_" + std::string(name) + ".json"));
  }
};

// Opened, both channels acknowledged, both snapshots empty: nothing is known and everything flows.
struct LiveAccount : Account {
  LiveAccount();
};

// "executions SYNCING subscribe", in order.
std::vector<std::string> state_lines(const test::AccountRecorder& out);
// The same of holes: "execution sequence 3..4", "balance reconnect".
std::vector<std::string> gap_lines(const test::AccountRecorder& out);

// A message of `executions` with these rows (JSON objects, comma between them).
std::string execution_frame(std::string_view type, int sequence, std::string_view rows);
std::string balance_frame(std::string_view type, int sequence, std::string_view rows);
// A fill of OK4GJX-KSTLS-7DZZO5: id, quantity, total of the order after it.
std::string fill_row(std::string_view exec_id, std::string_view quantity, std::string_view total);

// `value` without trailing zeros, "-" if absent.
std::string text(const std::optional<schemas::WideDecimal>& value);

}  // namespace millrace::normalize::kraken

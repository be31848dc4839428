#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "normalize/account/account_adapter.h"

// Verbs of tests that drive the private side of a venue: feed it messages and REST answers, look at what came out.
namespace millrace::test {

// AccountMeta that owns its texts.
struct HeldAccountMeta {
  std::string symbol;
  std::string instrument;
  std::optional<std::int64_t> venue_seq;
  std::optional<schemas::UnixNanos> venue_time;
  std::optional<schemas::UnixNanos> venue_send_time;
  schemas::Origin origin = schemas::Origin::kUnspecified;
  std::uint32_t flags = 0;
  schemas::UnixNanos receive_time = 0;
};
struct HeldExecution {
  HeldAccountMeta meta;
  schemas::Execution body;
};
struct HeldBalance {
  HeldAccountMeta meta;
  schemas::Balance body;
};
struct HeldAccountGap {
  normalize::Dataset dataset;
  schemas::GapMark mark;
};
struct HeldAccountState {
  normalize::Dataset dataset;
  schemas::StreamState state;
  std::string reason;
};

// Keeps all that a private side says, in order.
class AccountRecorder : public normalize::AccountSink {
 public:
  void begin_frame(schemas::UnixNanos receive_time) override;
  void on_execution(const normalize::AccountMeta& meta, const schemas::Execution& execution) override;
  void on_balance(const normalize::AccountMeta& meta, const schemas::Balance& balance) override;
  void on_gap(normalize::Dataset dataset, schemas::GapMark mark) override;
  void on_state(normalize::Dataset dataset, schemas::StreamState state, std::string_view reason) override;
  void on_drop(std::string_view reason) override { drops.emplace_back(reason); }

  std::vector<HeldExecution> executions;
  std::vector<HeldBalance> balances;
  std::vector<HeldAccountGap> gaps;
  std::vector<HeldAccountState> states;
  std::vector<std::string> drops;

 private:
  HeldAccountMeta held(const normalize::AccountMeta& meta) const;

  schemas::UnixNanos frame_ = 0;  // when it was received
};

// One account of a venue. What came out gathers until clear(); `todo` is of the last call, as the shell clears it.
// A call that returns an error although an execution or balance of its frame reached the sink throws std::logic_error:
// no adapter may do that.
class AccountHarness : public AccountRecorder {
 public:
  // Throws std::invalid_argument if there is no such venue.
  explicit AccountHarness(std::string_view venue, std::string account = "main", std::vector<std::string> symbols = {},
                          const normalize::VenueOptions& options = {});

  // The worker of `predecessor` has died, and this one begins a minute later, before its first open(), with what the
  // topic says.
  void succeed(const AccountHarness& predecessor);
  void open();
  void open(schemas::UnixNanos at);
  void close();
  void close(schemas::UnixNanos at);
  // Time moves to `at`, and on_time is called.
  void time(schemas::UnixNanos at);
  // Each moves the clock on by a millisecond, and hands over a copy with a frame's padding that a sanitizer guards.
  normalize::Result<void> feed(std::string_view text);
  normalize::Result<void> answer(std::string_view key, std::string_view target, std::string_view body,
                                 int status = 200);

  // The venue's verdict on an answer.
  normalize::Judgement judge(std::string_view body, int status = 200) const;
  // One page of a walk: the answer to `asked`. `page_header`: value of the header that names the next page.
  static normalize::Result<std::optional<normalize::PrivateRequest>> page(normalize::FillWalk& walk,
                                                                          const normalize::PrivateRequest& asked,
                                                                          std::string_view body,
                                                                          std::vector<normalize::FoundFill>& fills,
                                                                          std::string_view page_header = {});

  void clear();

  std::unique_ptr<normalize::AccountVenue> venue;
  std::unique_ptr<normalize::AccountAdapter> adapter;
  normalize::AccountCommands todo;
  schemas::UnixNanos now = 1'700'000'000'000'000'000;

 private:
  template <class Call>
  normalize::Result<void> checked(Call&& call);
};

}  // namespace millrace::test

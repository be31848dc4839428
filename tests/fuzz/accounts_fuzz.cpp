#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schemas/events/account.h"
#include "schemas/events/time.h"
#include "tests/fuzz/encoding.h"
#include "tests/support/account_harness.h"

// Frames and REST answers of accounts, one step a line behind a byte that chooses the venue:
//   OPEN, CLOSE      the connection
//   TIME             the time that the adapter asked for, or a second later
//   ANSWER N STATUS BODY   to the Nth request that is still unanswered, modulo their number
//   WALK BODY        the next page of a sweep's walk; a walk that ended begins anew
//   anything else    a frame
namespace millrace::test {
namespace {

using normalize::PrivateRequest;

constexpr std::size_t kMaxSteps = 200;
constexpr std::size_t kMaxWaiting = 64;  // requests

// Encodes each event as the publisher would, and aborts when the record does not decode and encode to the same bytes.
class Account : public AccountHarness {
 public:
  using AccountHarness::AccountHarness;

  void on_execution(const normalize::AccountMeta& meta, const schemas::Execution& execution) override {
    require(!execution.event_id.empty());
    check(schemas::MessageType::kExecution, meta, execution);
    AccountHarness::on_execution(meta, execution);
  }
  void on_balance(const normalize::AccountMeta& meta, const schemas::Balance& balance) override {
    check(schemas::MessageType::kBalance, meta, balance);
    AccountHarness::on_balance(meta, balance);
  }
  // Fixed words become metric labels, so they may not come from the wire: short.
  void on_state(normalize::Dataset dataset, schemas::StreamState state, std::string_view reason) override {
    require(reason.size() < 64);
    AccountHarness::on_state(dataset, state, reason);
  }
  void on_drop(std::string_view reason) override { require(!reason.empty() && reason.size() < 64); }

  // A long input must not fill the memory. Commands stay, as `wake_at` counts.
  void forget() {
    executions.clear();
    balances.clear();
    gaps.clear();
    states.clear();
  }

 private:
  template <class Body>
  void check(schemas::MessageType type, const normalize::AccountMeta& event, const Body& body) {
    auto identity = schemas::make_stream_identity("fuzz", std::string(event.symbol), std::string(event.instrument));
    schemas::Meta meta;
    meta.stream = &identity;
    meta.epoch = 1;
    meta.seq = ++records_;
    meta.venue_seq = event.venue_seq;
    meta.venue_time = event.venue_time;
    meta.venue_send_time = event.venue_send_time;
    meta.receive_time = now;
    meta.origin = event.origin;
    meta.flags = event.flags;
    const std::string bytes = encoded(meta, body);
    const auto decoded = schemas::decode(type, bytes);
    require(decoded.has_value());
    require(encoded(*decoded) == bytes);
  }

  std::int64_t records_ = 0;
};

std::string_view take_until(std::string_view& text, char end) {
  const std::size_t at = text.find(end);
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return taken;
}

bool take_word(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

unsigned take_number(std::string_view& text) {
  const std::string_view word = take_until(text, ' ');
  unsigned number = 0;
  std::from_chars(word.data(), word.data() + word.size(), number);
  return number;
}

// The shell's part in short: requests wait until an ANSWER comes.
class Play {
 public:
  Play(std::string_view venue, std::vector<std::string> symbols) : account_(venue, "main", std::move(symbols)) {}

  void step(std::string_view line) {
    if (line == "OPEN") {
      account_.open();
    } else if (line == "CLOSE") {
      account_.close();
    } else if (line == "TIME") {
      account_.time(std::max(account_.now + kSecond, account_.todo.wake_at.value_or(0)));
    } else if (take_word(line, "ANSWER ")) {
      answer(line);
    } else if (take_word(line, "WALK ")) {
      walk(line);
    } else {
      account_.feed(line);
    }
    for (auto& request : account_.todo.rest) {
      if (waiting_.size() < kMaxWaiting) waiting_.push_back(std::move(request));
    }
    account_.todo.rest.clear();
    account_.forget();
  }

 private:
  void answer(std::string_view line) {
    const unsigned number = take_number(line);
    const int status = static_cast<int>(take_number(line) % 600);
    account_.judge(line, status);
    if (waiting_.empty()) return;
    const auto at = waiting_.begin() + static_cast<std::ptrdiff_t>(number % waiting_.size());
    const PrivateRequest asked = std::move(*at);
    waiting_.erase(at);
    account_.answer(asked.key, asked.target, line, status);
  }

  void walk(std::string_view line) {
    if (!walk_) {
      walk_ = account_.venue->walk_fills("main", {"", account_.now - 3'600 * kSecond, account_.now});
      page_ = walk_->begin();
    }
    std::vector<normalize::FoundFill> fills;
    auto next = account_.page(*walk_, page_, line, fills);
    for (const auto& fill : fills) {
      normalize::AccountMeta meta;
      meta.symbol = fill.symbol;
      meta.instrument = fill.instrument;
      meta.venue_time = fill.venue_time;
      meta.origin = schemas::Origin::kReplay;
      account_.on_execution(meta, fill.execution);
    }
    if (next && *next) {
      page_ = std::move(**next);
    } else {
      walk_.reset();
    }
  }

  Account account_;
  std::vector<PrivateRequest> waiting_;
  std::unique_ptr<normalize::FillWalk> walk_;
  PrivateRequest page_;
};

}  // namespace
}  // namespace millrace::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace millrace::test;
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kVenues = {{
      {"kraken", "BTC/USD"},
      {"binance-spot", "BTCUSDT"},
      {"binance-usdm", "BTCUSDT"},
      {"coinbase-exchange", "BTC-USD"},
      {"coinbase-advanced", "BTC-USD"},
      {"alpaca", "BTC/USD"},
  }};
  std::string_view steps{reinterpret_cast<const char*>(data), size};
  if (steps.empty()) return 0;
  const auto& [venue, symbol] = kVenues[static_cast<unsigned char>(steps.front()) % kVenues.size()];
  steps.remove_prefix(1);
  Play play(venue, {std::string(symbol)});
  for (std::size_t i = 0; i < kMaxSteps && !steps.empty(); ++i) play.step(take_until(steps, '\n'));
  return 0;
}

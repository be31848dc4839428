#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/accounts/face.h"
#include "tests/sim/accounts/ledger.h"
#include "tests/sim/accounts/make_face.h"

// Verbs that the tests of simulated accounts share.
namespace millrace::sim::accounts {

constexpr std::int64_t kStart = 1'700'000'000'000'000'000;
constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kMinute = 60 * kSecond;

// A face with two keys and a clock that moves when it is told to.
class FaceTest {
 public:
  explicit FaceTest(const std::string& venue, const Knobs& knobs = {}, bool ed25519 = false);

  AccountFace& face() { return *face_; }
  Ledger& ledger() { return face_->ledger(); }
  Knobs& knobs() { return face_->knobs(); }
  const AccountKeys& key(std::size_t index = 0) const { return keys_[index]; }
  std::int64_t now = kStart;

  // Moves the clock and lets the account live.
  void pass(std::int64_t ns);
  ConnId connect(const std::string& target);
  void say(ConnId conn, std::string_view text) { face_->message(conn, text, now); }
  // The messages to `conn` since the last call, as texts; a close is "close:CODE:REASON", a reset "reset".
  std::vector<std::string> heard(ConnId conn);
  HttpReply ask(const HttpAsk& ask) { return face_->rest(ask, now); }

 private:
  std::vector<AccountKeys> keys_;
  std::unique_ptr<AccountFace> face_;
  ConnId next_ = 1;
  std::vector<Outgoing> waiting_;
};

// All values of `"key":` in the text, in order, without quotes.
std::vector<std::string> values_of(std::string_view text, std::string_view key);

}  // namespace millrace::sim::accounts

#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ingest/auth/account_signer.h"
#include "ingest/rest/https_connection.h"
#include "ingest/rest/weight_budget.h"
#include "normalize/account/account_adapter.h"
#include "publish/sequence/counters.h"
#include "publish/tally.h"

namespace millrace::ingest {

using schemas::UnixNanos;

// What became of a private request.
struct PrivateOutcome {
  // How the last answer was judged; kGood: `answer` is what was asked for. Another one: given up.
  normalize::Judgement judgement;
  normalize::PrivateAnswer answer;  // valid during the call; padded
};

// Counted on the owner's thread, readable from any.
struct PrivateRestStats {
  publish::Tally sent;
  publish::ReasonCounters verdicts;  // of answers, by Verdict's word
  publish::Tally gave_up;
  publish::Tally waiting;  // gauge
};

// The REST calls of one account, one at a time and in order, since nonces must rise: signs, judges, repeats by the rule
// of each verdict (design section 6), and gives up in the end. Private by being told everything: no socket, and time
// only as an argument. One thread.
class PrivateRest {
 public:
  struct Ports {
    // Sends one request; `done` is called once, later. Never two at a time.
    std::function<void(HttpRequest, HttpsConnection::Done done)> send;
    std::function<UnixNanos()> now;
    // Key, permission, address or time were refused, for the `tries`-th time in a row and 30 s after the one before. At
    // kAuthTries nothing more is sent until renew().
    std::function<void(std::string_view detail, int tries)> auth_refused;
    // The venue's clock minus ours, asked for after a refusal that may be about time. May be empty.
    std::function<void(std::int64_t offset_ns)> clock_learnt = {};
    // The host wants quiet, whoever asks; not called for a limit of this key alone. May be empty.
    std::function<void(UnixNanos until)> host_stopped = {};
  };
  struct Settings {
    std::string host;                    // as signed by venues that sign it, "api.kraken.com"
    std::string path;                    // put before each target
    std::int64_t weight_per_minute = 0;  // this process's share; 0 = no limit
    std::uint64_t jitter_seed = 1;
    // Where clock_offset_ns() is kept, for the signer's world to add; null = in here.
    std::shared_ptr<std::int64_t> clock_offset_ns = {};
  };
  // An answer always comes, unless the object ends before. Views in it are valid during the call.
  using Handler = std::function<void(const PrivateOutcome&)>;

  // `venue` and `signer` outlive it.
  PrivateRest(const normalize::AccountVenue& venue, AccountSigner& signer, Settings settings, Ports ports);

  // False: too many wait already (kMostWaiting); the handler is not called.
  bool ask(normalize::PrivateRequest request, Handler handler);
  // As ask(), for a call whose answer holds a token (TokenRule::member): the signer keeps it, the handler sees none of
  // the body.
  bool ask_token(normalize::PrivateRequest request, std::string member, Handler handler);

  // Often: what waits for its time.
  void tick(UnixNanos now);
  // The configuration, or the key, may have changed: what was refused is tried again at once, and signed by `signer`,
  // which outlives it, from now on. A token that was asked for with the key before is asked for once more.
  void renew(AccountSigner& signer);
  // Nothing is sent before that: another process, or another part of this one, was told so by the host.
  void stop_until(UnixNanos until) { budget_.stop_until(std::chrono::nanoseconds(until)); }
  // Asks the venue for its time, where that proves nothing: a login was refused, perhaps because of ours.
  void learn_clock();
  // The last signed request was refused, and it is asked again or the circuit is open.
  bool waits_for_key() const noexcept { return circuit_open() || (auth_tries_ > 0 && !queue_.empty()); }
  bool circuit_open() const noexcept { return auth_tries_ >= kAuthTries; }

  // To be added to our clock, as the venue's own is off from it by that much. 0 until the venue was asked.
  std::int64_t clock_offset_ns() const noexcept { return *clock_offset_ns_; }
  const PrivateRestStats& stats() const noexcept { return *stats_; }
  bool idle() const noexcept { return !busy_ && queue_.empty(); }

  static constexpr std::size_t kMostWaiting = 1'000;
  static constexpr int kMostAttempts = 6;
  static constexpr int kAuthTries = 5;

 private:
  struct Job {
    normalize::PrivateRequest request;
    Handler handler;
    std::string token_member;  // not empty: a token call
    int attempt = 0;
    int at_once = 0;  // tries that followed without a pause
    UnixNanos due = 0;
    std::uint64_t sent_under = 0;  // renewals_ when it was signed
  };

  bool push(Job job);
  void pump(UnixNanos now);
  void send();
  void on_answer(HttpAnswer answer);
  void react(const normalize::Judgement& judgement, HttpAnswer& answer);
  // The request at the front once more at `due`.
  void again(UnixNanos due) { queue_.front().due = due; }
  void refuse(const normalize::Judgement& judgement, const HttpAnswer& answer);
  void finish(normalize::Judgement judgement, const HttpAnswer& answer);
  void ask_time();
  UnixNanos backoff(int attempt);

  const normalize::AccountVenue& venue_;
  AccountSigner* signer_;  // never null
  const Settings settings_;
  const Ports ports_;
  const std::shared_ptr<PrivateRestStats> stats_ = std::make_shared<PrivateRestStats>();
  WeightBudget budget_;
  std::deque<Job> queue_;
  bool busy_ = false;
  int auth_tries_ = 0;       // refused in a row, with no signed request answered well in between
  UnixNanos resume_at_ = 0;  // nothing is sent before: budget, or a refused key
  std::uint64_t renewals_ = 0;
  const std::shared_ptr<std::int64_t> clock_offset_ns_;
  std::uint64_t random_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // answers after our end find it gone
};

std::string_view name(normalize::Verdict verdict) noexcept;

}  // namespace millrace::ingest

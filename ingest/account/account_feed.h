#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ingest/account/private_rest.h"
#include "ingest/worker/link.h"
#include "normalize/account/account_adapter.h"
#include "publish/sequence/account_writer.h"
#include "publish/sequence/counters.h"
#include "publish/tally.h"

namespace millrace::ingest {

// The world as one account's feed sees it; tests and the property test hand in their own. All on the feed's thread.
struct AccountPorts {
  LinkFactory make_link;
  std::function<void(HttpRequest, HttpsConnection::Done)> send_request;
  std::function<UnixNanos()> now;
  std::function<void()> frame_begins;  // before the first frame of a drain; may be empty
  std::function<void()> drained;       // hand over what was published; may be empty
  std::function<bool()> lane_full;     // may be empty: never
  // As PrivateRest::Ports, and after close code 1008. May be empty.
  std::function<void(UnixNanos until)> host_stopped = {};
};

// What one account's feed counts, beside the writer's own. Readable from any thread.
struct AccountCounters {
  publish::Tally frames;
  publish::ReasonCounters errors;      // frames and answers refused, by Errc
  publish::ReasonCounters reconnects;  // connections that ended, by reason
  publish::Tally tokens;               // fetched or prolonged
  publish::Tally connected;            // gauge: 1 while open and logged in
  publish::Tally orders_open;          // gauge: that have not ended as far as is known
  publish::Tally orders_restored;      // that an earlier process left open in the topic
  publish::Tally orders_left_out;      // reports of orders beyond what is restored
};

// One account of one venue: session, login, tokens, REST state, events to the writer. One session per account, whoever
// consumes its topics. Reads no clock but ports.now(). One thread.
class AccountFeed final : private SessionListener {
 public:
  struct Settings {
    SessionSettings session;  // without its address
    PrivateRest::Settings rest;
    std::vector<std::string> symbols;
  };

  // `writer` outlives it.
  AccountFeed(std::unique_ptr<normalize::AccountVenue> venue, std::unique_ptr<AccountSigner> signer, Settings settings,
              publish::AccountWriter& writer, AccountPorts ports);
  ~AccountFeed() override;
  AccountFeed(const AccountFeed&) = delete;
  AccountFeed& operator=(const AccountFeed&) = delete;

  // Before start(), or not at all: what the account's topic says of its orders.
  void restore(const normalize::ToldOrders& told);
  void start();
  void stop();
  // The configuration was read again: what a refused key or login had ended is tried anew. With `signer`, which has
  // other keys, the session is one of theirs from now on; null: the keys are the same.
  void renew(std::unique_ptr<AccountSigner> signer);
  bool stopped() const noexcept { return stopped_; }
  // See PrivateRest::stop_until.
  void stop_rest_until(UnixNanos until) { rest_.stop_until(until); }
  // Often: wake-ups, tokens, heartbeats.
  void tick(UnixNanos now);

  const AccountCounters& counters() const noexcept { return counters_; }
  const PrivateRestStats& rest_stats() const noexcept { return rest_.stats(); }
  const publish::AccountWriter& writer() const noexcept { return writer_; }
  const normalize::AccountVenue& venue() const noexcept { return *venue_; }
  std::int64_t clock_offset_ns() const noexcept { return rest_.clock_offset_ns(); }

 private:
  // Where the account's token is in its life (TokenRule).
  enum class Token : std::uint8_t { kNone, kAsked, kFresh };

  void on_state(const StateChange& change) override;
  void on_open(UnixNanos now) override;
  void on_frame(const normalize::Frame& frame) override;
  void on_drained() override;
  void on_alive(UnixNanos now) override { writer_.alive(now); }
  void on_closed(Reason reason, std::string_view detail, UnixNanos now) override;

  void connect();
  void execute(UnixNanos now);
  void send(const normalize::PrivateText& text);
  void ask(normalize::PrivateRequest request);
  void ask_token(const normalize::PrivateRequest& request);
  void on_token(const PrivateOutcome& outcome, bool prolonged);
  void keep_token(UnixNanos now);
  void on_answer(const PrivateOutcome& outcome);
  void key_refused(std::string_view detail, int tries);
  void clock_learnt(std::int64_t offset_ns);
  std::string_view why_halt() const;
  void check_halt(UnixNanos now);
  void tell_halt(UnixNanos now);
  bool needs_token() const { return !venue_->token().request.target.empty(); }

  const std::unique_ptr<normalize::AccountVenue> venue_;
  std::unique_ptr<AccountSigner> signer_;
  const Settings settings_;
  publish::AccountWriter& writer_;
  const AccountPorts ports_;
  AccountCounters counters_;
  PrivateRest rest_;
  const std::unique_ptr<normalize::AccountAdapter> adapter_;
  normalize::AccountCommands todo_;
  std::vector<normalize::PrivateText> waiting_;  // texts that wait for the token
  Token token_ = Token::kNone;
  UnixNanos token_since_ = 0;
  UnixNanos token_due_ = 0;         // when it is to be refreshed; 0 = not
  std::int64_t clock_told_ns_ = 0;  // the offset that the log has
  std::optional<UnixNanos> wake_at_;
  std::uint64_t opening_ = 0;  // answers asked for under an earlier one say nothing about this one
  bool open_ = false;
  bool draining_ = false;
  std::string refusal_;          // of the key, in the venue's words
  std::string_view halted_;      // why we ended the session ourselves; empty = we did not
  bool session_halted_ = false;  // by a refused login
  bool link_down_ = false;       // it has ended
  bool stopping_ = false;
  bool stopped_ = false;
  std::unique_ptr<Link> link_;  // last: calls back
};

}  // namespace millrace::ingest

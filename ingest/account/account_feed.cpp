#include "ingest/account/account_feed.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "schemas/events/time.h"

namespace millrace::ingest {
namespace {

using normalize::PrivateRequest;
using normalize::PrivateText;
using normalize::Signing;
using schemas::StreamState;
using Judged = normalize::Verdict;
using Login = normalize::AccountCommands::Login;

constexpr std::int64_t kUrgentWait = kSecond;     // between tries when a token is about to end
constexpr std::int64_t kCalmWait = 15 * kSecond;  // and before that
constexpr std::string_view kTokenKey = "token";
// Reasons of HALTED.
constexpr std::string_view kAuthRefused = "auth_refused";
constexpr std::string_view kJournalFull = "journal_full";

bool holds_token(std::string_view text) { return text.find(normalize::kTokenPlace) != std::string_view::npos; }

}  // namespace

AccountFeed::AccountFeed(std::unique_ptr<normalize::AccountVenue> venue, std::unique_ptr<AccountSigner> signer,
                         Settings settings, publish::AccountWriter& writer, AccountPorts ports)
    : venue_(std::move(venue)),
      signer_(std::move(signer)),
      settings_(std::move(settings)),
      writer_(writer),
      ports_(std::move(ports)),
      rest_(
          *venue_, *signer_, settings_.rest,
          {ports_.send_request, ports_.now, [this](std::string_view detail, int tries) { key_refused(detail, tries); },
           [this](std::int64_t offset_ns) { clock_learnt(offset_ns); }, ports_.host_stopped}),
      adapter_(venue_->make_adapter(writer.account(), settings_.symbols)) {}

AccountFeed::~AccountFeed() = default;

void AccountFeed::restore(const normalize::ToldOrders& told) {
  const normalize::ToldBefore before = told.before();
  counters_.orders_restored.set(before.orders.size());
  counters_.orders_left_out.set(static_cast<std::uint64_t>(told.left_out()));
  adapter_->restore(before);
  const auto level = told.left_out() > 0 ? spdlog::level::warn : spdlog::level::info;
  spdlog::log(level, "account_orders_restored venue={} account={} open={} reports_left_out={}", venue_->venue_name(),
              writer_.account(), before.orders.size(), told.left_out());
}

void AccountFeed::start() {
  writer_.begin_frame(ports_.now());
  if (venue_->token().before_connect) return ask_token(venue_->token().request);
  connect();
}

// A new link per address: the token in it may be another one. An address that is the login is answered by nothing, and
// the first message comes with the first order.
void AccountFeed::connect() {
  SessionSettings session = settings_.session;
  if (venue_->token().before_connect) session.deadlines.first_data = Nanos::zero();
  session.url = signer_->address(venue_->ws_url()).reveal();
  link_ = ports_.make_link(std::move(session), *this);
  link_down_ = false;
  link_->start();
}

void AccountFeed::stop() {
  stopping_ = true;
  if (link_ && !link_down_) return link_->stop();
  stopped_ = true;
}

// LIVE and SYNCING are the adapter's words: an open connection proves nothing about an account. So is what follows an
// accepted login, which the session reports when the snapshot of the same read may have made the stream LIVE already.
void AccountFeed::on_state(const StateChange& change) {
  link_down_ = change.state == StreamState::kDisconnected;
  session_halted_ = change.state == StreamState::kHalted;
  if (session_halted_) {
    spdlog::error("account_halted venue={} account={} reason={} next=\"after SIGHUP\" detail=\"{}\"",
                  venue_->venue_name(), writer_.account(), ingest::name(change.reason), change.detail);
  }
  if (change.host_limited) {
    rest_.stop_until(change.retry_at);
    if (ports_.host_stopped) ports_.host_stopped(change.retry_at);
  }
  if (stopping_ && link_down_) stopped_ = true;
  if (!halted_.empty() && !stopping_) return;  // our own doing, and told already
  const bool logged_in = open_ && change.state == StreamState::kSubscribing;
  const bool above = logged_in || change.state == StreamState::kLive || change.state == StreamState::kSyncing;
  if (!above) writer_.connection_state(change.state, ingest::name(change.reason), change.detail, change.at);
}

void AccountFeed::on_open(UnixNanos now) {
  open_ = true;
  ++opening_;
  wake_at_.reset();
  waiting_.clear();
  writer_.begin_frame(now);
  check_halt(now);  // what the link before stood in spite of
  if (!halted_.empty()) return;
  link_->report(Progress::kLoggingIn, {});
  adapter_->on_open(now, writer_, todo_);
  execute(now);
  spdlog::info("account_connected venue={} account={}", venue_->venue_name(), writer_.account());
}

void AccountFeed::on_frame(const normalize::Frame& frame) {
  if (!std::exchange(draining_, true) && ports_.frame_begins) ports_.frame_begins();
  counters_.frames.add();
  writer_.begin_frame(frame.receive_time);
  const auto done = adapter_->on_frame(frame, writer_, todo_);
  if (!done) {
    counters_.errors.add(name(done.error().code));
    writer_.quarantine(done.error(), frame.text, frame.receive_time);
    spdlog::warn("account_frame_refused venue={} account={} where={} reason={}", venue_->venue_name(),
                 writer_.account(), done.error().where, name(done.error().code));
  }
  execute(frame.receive_time);
}

void AccountFeed::on_drained() {
  draining_ = false;
  if (ports_.drained) ports_.drained();
}

// A token that the venue may end with the connection is not used again.
void AccountFeed::on_closed(Reason reason, std::string_view detail, UnixNanos now) {
  open_ = false;
  counters_.connected.set(0);
  counters_.reconnects.add(ingest::name(reason));
  writer_.begin_frame(now);
  adapter_->on_close(now, writer_);
  if (!halted_.empty()) tell_halt(now);
  todo_.clear();
  waiting_.clear();
  if (venue_->token().each_connect && token_ == Token::kFresh) token_ = Token::kNone;
  spdlog::warn("account_disconnected venue={} account={} reason={} detail=\"{}\"", venue_->venue_name(),
               writer_.account(), ingest::name(reason), detail);
}

void AccountFeed::execute(UnixNanos now) {
  counters_.orders_open.set(adapter_->open_orders());
  // The handlers of requests fill todo_ anew.
  normalize::AccountCommands todo = std::exchange(todo_, {});
  if (todo.wake_at) wake_at_ = todo.wake_at;
  if (todo.new_token && token_ == Token::kFresh) token_ = Token::kNone;
  for (const PrivateText& text : todo.send) {
    if (holds_token(text.text) && token_ != Token::kFresh) {
      waiting_.push_back(text);
    } else {
      send(text);
    }
  }
  if ((todo.new_token || !waiting_.empty()) && token_ == Token::kNone && needs_token()) {
    ask_token(venue_->token().request);
  }
  for (PrivateRequest& request : todo.rest) ask(std::move(request));
  if (todo.login == Login::kAccepted) {
    counters_.connected.set(1);
    link_->report(Progress::kAuthenticated, {});
  }
  if (todo.login == Login::kRefused) {
    spdlog::error("account_login_refused venue={} account={} detail=\"{}\"", venue_->venue_name(), writer_.account(),
                  todo.login_detail);
    link_->report(Progress::kAuthRefused, todo.login_detail);
    rest_.learn_clock();
  }
  if (todo.reconnect) {
    writer_.connection_state(StreamState::kRecovering, todo.reason, {}, now);
    // With a token in the address it is another address that is wanted, and it comes with the token.
    if (!(todo.new_token && venue_->token().before_connect)) link_->reconnect(todo.reason);
  }
}

void AccountFeed::send(const PrivateText& text) {
  auto made = signer_->text(text);
  if (!made) {
    spdlog::error("account_text_unsigned venue={} account={} detail=\"{}\"", venue_->venue_name(), writer_.account(),
                  made.error().where);
    return link_->report(Progress::kAuthRefused, made.error().where);
  }
  if (!link_->send(std::string(made->reveal()))) link_->reconnect("send queue full");
}

void AccountFeed::ask(PrivateRequest request) {
  const bool asked = rest_.ask(std::move(request), [this, opening = opening_](const PrivateOutcome& outcome) {
    if (opening == opening_ && open_) on_answer(outcome);
  });
  if (!asked && link_) link_->reconnect("too many requests wait");
}

// What was given up comes here too: the adapter then knows that it will not learn it.
void AccountFeed::on_answer(const PrivateOutcome& outcome) {
  if (ports_.frame_begins) ports_.frame_begins();
  writer_.begin_frame(outcome.answer.receive_time);
  if (outcome.judgement.verdict != Judged::kGood) {
    spdlog::warn("account_request_failed venue={} account={} key={} verdict={} detail=\"{}\"", venue_->venue_name(),
                 writer_.account(), outcome.answer.key, name(outcome.judgement.verdict), outcome.judgement.detail);
  }
  const auto done = adapter_->on_answer(outcome.answer, writer_, todo_);
  if (!done) {
    counters_.errors.add(name(done.error().code));
    writer_.quarantine(done.error(), outcome.answer.body, outcome.answer.receive_time);
  }
  execute(outcome.answer.receive_time);
  if (ports_.drained) ports_.drained();
}

void AccountFeed::ask_token(const PrivateRequest& request) {
  token_ = token_ == Token::kFresh ? Token::kFresh : Token::kAsked;
  PrivateRequest asked = request;
  asked.key = kTokenKey;
  const bool prolongs =
      request.target == venue_->token().prolong.target && request.method == venue_->token().prolong.method;
  const auto handler = [this, prolongs](const PrivateOutcome& outcome) { on_token(outcome, prolongs); };
  const bool taken = prolongs ? rest_.ask(std::move(asked), handler)
                              : rest_.ask_token(std::move(asked), std::string(venue_->token().member), handler);
  if (!taken) token_due_ = ports_.now() + kUrgentWait;
}

void AccountFeed::on_token(const PrivateOutcome& outcome, bool prolonged) {
  const UnixNanos now = ports_.now();
  const normalize::TokenRule& rule = venue_->token();
  if (outcome.judgement.verdict != Judged::kGood) {
    if (outcome.judgement.verdict == Judged::kToken) token_ = Token::kNone;
    const bool urgent = token_ != Token::kFresh || now - token_since_ >= rule.urgent_ns;
    token_due_ = now + (urgent ? kUrgentWait : kCalmWait);
    spdlog::warn("account_token_failed venue={} account={} verdict={} detail=\"{}\"", venue_->venue_name(),
                 writer_.account(), name(outcome.judgement.verdict), outcome.judgement.detail);
    return;
  }
  counters_.tokens.add();
  token_ = Token::kFresh;
  token_since_ = now;
  token_due_ = rule.refresh_ns > 0 ? now + rule.refresh_ns : 0;
  if (rule.before_connect && !prolonged && !stopping_) {
    // The link before, if any, has the old token in its address.
    if (open_) on_closed(Reason::kStopped, "a new token is in the address", now);
    link_.reset();
    if (halted_.empty()) connect();
  }
  for (const PrivateText& text : std::exchange(waiting_, {})) {
    if (open_) send(text);
  }
}

// Refreshed ahead of its end; a token that ended is asked for anew before it is needed.
void AccountFeed::keep_token(UnixNanos now) {
  if (token_due_ == 0 || now < token_due_) return;
  token_due_ = 0;
  const normalize::TokenRule& rule = venue_->token();
  const bool gone = token_ != Token::kFresh || now - token_since_ >= rule.lifetime_ns;
  if (gone) token_ = Token::kNone;
  ask_token(gone || rule.prolong.target.empty() ? rule.request : rule.prolong);
}

// Only this account's: public streams and other accounts go on. A stream that is logged in stays, as it tells fills
// whatever REST says of the key. Without one there is nothing to be had for the present: no token, no orders, no
// balances; so the connection waits, too, and with the last try halts.
void AccountFeed::key_refused(std::string_view detail, int tries) {
  const UnixNanos now = ports_.now();
  refusal_ = detail;
  spdlog::error("account_key_refused venue={} account={} try={} of={} next=\"{}\" detail=\"{}\"", venue_->venue_name(),
                writer_.account(), tries, PrivateRest::kAuthTries, rest_.circuit_open() ? "after SIGHUP" : "in 30 s",
                detail);
  if (counters_.connected.value() != 0) return writer_.remark(kAuthRefused, detail, now);
  if (halted_ == kAuthRefused) return tell_halt(now);
  check_halt(now);
}

// Told when it changed by two seconds or more: some venues tell their time in whole ones.
void AccountFeed::clock_learnt(std::int64_t offset_ns) {
  if (std::abs(offset_ns - clock_told_ns_) < 2 * kSecond) return;
  clock_told_ns_ = offset_ns;
  spdlog::error("account_clock_off venue={} account={} venue_ahead_ms={}: requests carry the venue's time from now on",
                venue_->venue_name(), writer_.account(), offset_ns / 1'000'000);
}

// What cannot be kept is not taken: the venue keeps it, and the sidecar reads it back.
std::string_view AccountFeed::why_halt() const {
  if (rest_.waits_for_key() && counters_.connected.value() == 0) return kAuthRefused;
  if (ports_.lane_full && ports_.lane_full() && (link_ || !halted_.empty())) return kJournalFull;
  return {};
}

void AccountFeed::tell_halt(UnixNanos now) {
  const bool waits = halted_ == kAuthRefused && !rest_.circuit_open();
  const std::string_view detail = halted_ == kAuthRefused ? std::string_view(refusal_) : std::string_view{};
  writer_.connection_state(waits ? StreamState::kBackingOff : StreamState::kHalted, halted_, detail, now);
}

void AccountFeed::check_halt(UnixNanos now) {
  const std::string_view why = why_halt();
  if (why == halted_ || stopping_) return;
  if (!why.empty()) {
    if (halted_.empty() && link_) link_->stop();
    halted_ = why;
    return tell_halt(now);
  }
  if (link_ && !link_down_) return;  // it cannot start before it has ended
  halted_ = {};
  link_down_ = false;
  if (link_) return link_->start();
  // An address with a token comes with the token.
  if (!venue_->token().before_connect || token_ == Token::kFresh) connect();
}

void AccountFeed::renew(std::unique_ptr<AccountSigner> signer) {
  const bool other = signer != nullptr;
  std::unique_ptr<AccountSigner> before;  // until nothing refers to it
  if (other) before = std::exchange(signer_, std::move(signer));
  rest_.renew(*signer_);
  if (other && needs_token() && token_ != Token::kAsked) {
    token_ = Token::kNone;
    if (venue_->token().before_connect) return ask_token(venue_->token().request);  // and the next link with it
  }
  const bool wanted = session_halted_ || (other && open_);
  if (wanted && link_ && halted_.empty()) link_->reconnect("the keys were read again");
}

void AccountFeed::tick(UnixNanos now) {
  rest_.tick(now);
  keep_token(now);
  check_halt(now);
  if (open_ && wake_at_ && now >= *wake_at_) {
    wake_at_.reset();
    writer_.tick(now);
    adapter_->on_time(now, writer_, todo_);
    execute(now);
  }
  writer_.tick(now);
}

}  // namespace millrace::ingest

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "normalize/account/told_orders.h"
#include "normalize/error.h"
#include "normalize/venue_adapter.h"
#include "schemas/events/account.h"

// The contract between the program and the private side of one venue: orders, fills and balances of one account. As
// pure as venue_adapter.h, and without secrets: what needs a key, a token or a signature is left for the signer of the
// shell to finish, and no token passes through here.
namespace millrace::normalize {

// Where the signer puts the account's current token, in texts, targets and addresses.
inline constexpr std::string_view kTokenPlace = "${token}";

// What the signer does to a message or request before it goes out.
enum class Signing : std::uint8_t {
  kNone,   // goes as it is
  kToken,  // kTokenPlace is replaced
  kKey,    // the API key is added, without a signature (Binance futures listenKey)
  kSign,   // signed as the venue wants it; see the venue's signer in ingest/auth
};

struct PrivateText {
  std::string text;
  Signing signing = Signing::kNone;
};

// A request to the venue's REST host. Unlike RestRequest it may be a POST, and nothing joins it.
struct PrivateRequest {
  std::string key;  // comes back with the answer: "token", "orders/BTCUSDT"
  std::string method = "GET";
  std::string target;  // path and query, encoded, before signing
  std::string body;    // form fields, encoded, before signing
  Signing signing = Signing::kSign;
  int weight = 1;             // by the venue's table
  UnixNanos not_before = 0;   // 0 = at once
  std::string page_header{};  // a header of the answer that names the next page (Coinbase's "CB-AFTER")
};

// Its answer. Views are valid during the call, `body` is padded like Frame::text. An answer always comes, at last:
// status 0 says that none was got, by `body` for people.
struct PrivateAnswer {
  std::string_view key;
  std::string_view target;  // as asked, before signing
  std::string_view body;
  std::string_view page;  // value of page_header, empty if not sent
  int status = 200;
  UnixNanos receive_time = 0;
};

// What an answer that is no success means, by the venue's sheet (sections 6 and 8). HTTP 200 with an error in the body
// and an HTML page with 200 are judged too.
enum class Verdict : std::uint8_t {
  kGood,
  kTransient,    // try again with backoff
  kRateLimited,  // wait: Judgement::wait_ns, else the shell's floor of 30 s
  kClock,        // our time is off, or may be: ask the venue's time, then once more; kAuth after that
  kNonce,        // a higher nonce, at once
  kToken,        // the token is gone: a new one, then once more
  kAuth,         // key, signature, permission or address refused
  kRefused,      // this request is wrong: the same again will not help
};
struct Judgement {
  Verdict verdict = Verdict::kGood;
  std::int64_t wait_ns = 0;  // kRateLimited, where the body says it
  std::string detail;        // the venue's words, for people; never secret
};

// What the adapter wants done, as Commands. Carried out in this order: sends, requests, login, reconnect.
struct AccountCommands {
  std::vector<PrivateText> send;
  std::vector<PrivateRequest> rest;
  std::optional<UnixNanos> wake_at;
  bool new_token = false;  // the token is wanted anew before anything that holds kTokenPlace goes out
  enum class Login : std::uint8_t { kUnchanged, kAccepted, kRefused };
  Login login = Login::kUnchanged;
  std::string login_detail;
  bool reconnect = false;
  std::string reason;  // of the reconnect, a fixed word

  void clear();
  void wake(std::optional<UnixNanos> at) { keep_earliest(wake_at, at); }
};

// The part of Meta that the venue's message decides. `instrument` empty = not known: the symbol stands for it.
struct AccountMeta {
  std::string_view symbol;  // the venue's spelling; empty for what concerns no instrument
  std::string_view instrument;
  std::optional<std::int64_t> venue_seq;
  std::optional<UnixNanos> venue_time;
  std::optional<UnixNanos> venue_send_time;
  schemas::Origin origin = schemas::Origin::kLive;
  std::uint32_t flags = 0;  // SNAPSHOT, BAD_VENUE_TIME
};

// Where account events go: numbered, stamped, published. Views are valid during the call.
class AccountSink {
 public:
  virtual ~AccountSink() = default;

  // The events that follow were received then; called by the shell before each frame and answer.
  virtual void begin_frame(UnixNanos receive_time) = 0;
  virtual void on_execution(const AccountMeta& meta, const schemas::Execution& execution) = 0;
  virtual void on_balance(const AccountMeta& meta, const schemas::Balance& balance) = 0;
  // A hole that the venue's numbers show, or an outage after a venue that numbers nothing: declared on the next record.
  virtual void on_gap(Dataset dataset, schemas::GapMark mark) = 0;
  // `dataset` is kExecution or kBalance: SYNCING, LIVE, RECOVERING, HALTED, as far as the adapter decides it. Reasons
  // are fixed words; the sidecar sweeps on "resubscribed", "quantity_mismatch" and "balance_mismatch".
  virtual void on_state(Dataset dataset, schemas::StreamState state, std::string_view reason) = 0;
  // Left out on purpose: "duplicate", "not_for_us", "unknown_type".
  virtual void on_drop(std::string_view reason) = 0;
};

// How a venue's tokens live. Times since the token was given out.
struct TokenRule {
  PrivateRequest request;       // gives one: Kraken's GetWebSocketsToken, Binance's listenKey. Empty target = no tokens
  std::string_view member;      // of the answer, which holds it: "token", "listenKey"
  bool before_connect = false;  // the address holds it
  bool each_connect = false;    // one is not used for a second connection
  std::int64_t refresh_ns = 0;  // fetch the next one, or prolong it
  std::int64_t urgent_ns = 0;   // by then without a pause between tries; after lifetime_ns it is gone
  std::int64_t lifetime_ns = 0;
  PrivateRequest prolong;  // keeps the same token alive (Binance's PUT); empty target = a new one instead
};

// Which of the signers of ingest/auth a venue needs.
enum class AuthScheme : std::uint8_t { kKraken, kBinance, kCoinbaseExchange, kCoinbaseAdvanced, kAlpaca };

// What a venue's private side can do, as data. Texts have static life.
struct AccountCapabilities {
  AuthScheme scheme = AuthScheme::kKraken;
  std::string_view execution_channel;
  std::string_view balance_channel;  // "poll" where there is none
  schemas::LossEvidence evidence = schemas::LossEvidence::kNone;
  VenueLimits limits;               // of the private connection and of the account's REST
  bool rest_limit_per_key = false;  // else all keys of the account, or of the address, use up one budget
  std::string_view ping_text;
  std::string_view fills_channel;  // the REST call that gives fills
  bool fills_per_symbol = false;   // it wants a symbol: only configured and seen symbols are in a sweep's scope
  std::int64_t fills_page = 0;     // rows a page
  std::int64_t safety_lag_ns = 30'000'000'000;  // REST may be so far behind the venue's own clock
};

// One account: what its stream and REST answers say, turned into events. Outlives connections: it knows the orders, so
// that a sparse update is told whole, and the fills of the last while, so that a repeated one is told once. Orders that
// ended are forgotten after a bound. One thread; reads no clock.
class AccountAdapter {
 public:
  virtual ~AccountAdapter() = default;

  // Before the first on_open, or not at all: what an earlier process told of the account. From then on it is as if this
  // adapter had told it before its connection broke: what the venue says next tells what became of open orders.
  virtual void restore(const ToldBefore& before) = 0;
  // Orders that have not ended as far as is known: what its memory grows with, bounded by the venue.
  virtual std::size_t open_orders() const noexcept = 0;
  // The address is open (and a before_connect token in it): what to send first.
  virtual void on_open(UnixNanos now, AccountSink& out, AccountCommands& todo) = 0;
  // As VenueAdapter::on_frame: on error nothing of the frame reached `out`.
  virtual Result<void> on_frame(const Frame& frame, AccountSink& out, AccountCommands& todo) = 0;
  // An answer to a request of this adapter that judge() found good; others are the shell's to repeat or to report, and
  // come here only when it gave up: then the adapter gives up what it wanted to know and says so with on_state.
  virtual Result<void> on_answer(const PrivateAnswer& answer, AccountSink& out, AccountCommands& todo) = 0;
  virtual void on_time(UnixNanos now, AccountSink& out, AccountCommands& todo) = 0;
  // The connection is gone.
  virtual void on_close(UnixNanos now, AccountSink& out) = 0;
};

// One fill as REST tells it; `meta` points into `symbol` and `instrument`. meta.origin is REPLAY.
struct FoundFill {
  std::string symbol;
  std::string instrument;
  UnixNanos venue_time = 0;
  schemas::Execution execution;  // kTrade, kTradeCorrection or kTradeCancel, with the event_id that the stream gives
};

// A walk over the pages of one scope. Rows of an answer are appended to `fills`, in any order, some perhaps twice.
struct SweepRange {
  std::string symbol;  // empty = the whole account
  UnixNanos from = 0;  // the venue's time, both ends inclusive
  UnixNanos to = 0;
};
class FillWalk {
 public:
  virtual ~FillWalk() = default;

  // The first request.
  virtual PrivateRequest begin() = 0;
  // Reads a page that judge() found good: the next request, or empty when the range is complete. An error (cut, not
  // JSON, ill-typed, a page that does not continue the one before) ends the walk: the range is not proven.
  virtual Result<std::optional<PrivateRequest>> on_page(const PrivateAnswer& answer, std::vector<FoundFill>& fills) = 0;
};

// The private side of one venue: what does not change with the account. Thread-safe, const.
class AccountVenue {
 public:
  virtual ~AccountVenue() = default;

  virtual std::string_view venue_name() const noexcept = 0;
  virtual const AccountCapabilities& capabilities() const noexcept = 0;
  virtual const TokenRule& token() const noexcept = 0;
  // The private WebSocket address, with kTokenPlace where a token belongs, and the REST host; the configured ones, else
  // the venue's own.
  virtual const std::string& ws_url() const noexcept = 0;
  virtual const std::string& rest_url() const noexcept = 0;

  // `account` is our name of it: it is part of every event_id. `symbols`: those that REST must be asked about where it
  // wants one; the adapter adds what the stream mentions.
  virtual std::unique_ptr<AccountAdapter> make_adapter(std::string account, std::vector<std::string> symbols) const = 0;
  virtual std::unique_ptr<FillWalk> walk_fills(std::string account, SweepRange range) const = 0;

  virtual Judgement judge(const PrivateAnswer& answer) const = 0;
  // The venue's clock: a public request, and what its answer says, in ns. The sidecar's watermark goes by it.
  virtual PrivateRequest time_request() const = 0;
  virtual Result<UnixNanos> read_time(const PrivateAnswer& answer) const = 0;
};

struct AccountVenueEntry {
  std::string_view name;
  std::unique_ptr<AccountVenue> (*make)(const VenueOptions& options);
};

// All venues with a private side (venues/accounts.def); null if the name is not one of them.
std::span<const AccountVenueEntry> account_venues() noexcept;
std::unique_ptr<AccountVenue> make_account_venue(std::string_view name, const VenueOptions& options);

}  // namespace millrace::normalize

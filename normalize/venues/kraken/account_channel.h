#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "normalize/account/account_adapter.h"
#include "normalize/venues/kraken/account_messages.h"

namespace millrace::normalize::kraken {

// Which token of this connection is the present one, shared by its channels: a refusal is the token's fault only if the
// request was sent with it.
struct TokenUse {
  std::int64_t number = 0;
  int refusals = 0;               // in a row
  bool login_told = false;        // on this connection
  std::int64_t last_request = 0;  // ids need be unique per connection
};

// One subscription of the private connection: what it waits for, the numbers of its messages, when it is asked for
// anew. Time comes in as `now`. Lives as long as the account, over its connections.
class AccountChannel {
 public:
  // `params` is what the subscribe text says beside channel and token, of static life.
  AccountChannel(std::string_view channel, std::string_view params, Dataset dataset, TokenUse& token)
      : channel_(channel), params_(params), dataset_(dataset), token_(token) {}

  void open(UnixNanos now, AccountSink& out, AccountCommands& todo);
  void close(AccountSink& out);

  // Is this reply to a request of this channel?
  bool owns(const AccountReply& reply) const noexcept;
  // Errors: kRefused with the venue's words, after the stream was HALTED.
  Result<void> on_reply(const AccountReply& reply, UnixNanos now, AccountSink& out, AccountCommands& todo);

  // What the number of a message says of it. Holes are declared, and repaired by subscribing anew, here.
  enum class Number : std::uint8_t {
    kSnapshot,
    kNew,       // to be published, be it the next one or behind a hole
    kRepeated,  // below the next one: holds nothing new, or the venue counts anew (on_news_repeated)
    kUnplaced,  // before this subscription's snapshot: to be published, but what came before it is not known
  };
  Number on_number(const AccountMessage& message, UnixNanos now, AccountSink& out, AccountCommands& todo);
  // A message with a number that had been used held something new: the numbers prove nothing any more.
  void on_news_repeated(UnixNanos now, AccountSink& out, AccountCommands& todo);

  void on_time(UnixNanos now, AccountCommands& todo);
  // When on_time is wanted; nullopt = not.
  std::optional<UnixNanos> deadline() const noexcept { return deadline_; }

  // The venue halts all (maintenance), or goes on: streams say so, and go on where they were.
  void set_halted(bool halted, std::string_view system, AccountSink& out);
  // Tells the sidecar something by a status that changes nothing.
  void tell(std::string_view reason, AccountSink& out) const;

 private:
  enum class Phase : std::uint8_t {
    kIdle,         // no connection
    kSubscribing,  // waits for the ack
    kSilent,       // acked, waits for the snapshot
    kLive,
    kUnsubscribing,  // waits for the ack, then subscribes
    kResyncLater,    // live but with a hole; waits, then unsubscribes
    kRetryLater,     // waits, then subscribes
    kRefused,        // the venue said no
  };

  void set_state(schemas::StreamState state, std::string_view reason, AccountSink& out);
  void begin(Phase phase, std::optional<UnixNanos> deadline);
  void request(bool subscribe, AccountCommands& todo);
  void subscribe(UnixNanos now, AccountCommands& todo);
  void want_new_token(AccountCommands& todo);
  void resubscribe(UnixNanos now, AccountSink& out, AccountCommands& todo);
  void unsubscribe(UnixNanos now, AccountCommands& todo);
  void on_snapshot(AccountSink& out);
  void on_ack(AccountCommands& todo);
  void on_unsubscribed(const AccountReply& reply, UnixNanos now, AccountCommands& todo);
  Result<void> on_refusal(const AccountReply& reply, UnixNanos now, AccountSink& out, AccountCommands& todo);
  void on_bad_token(const std::string& words, UnixNanos now, AccountCommands& todo);

  const std::string_view channel_;
  const std::string_view params_;
  const Dataset dataset_;
  TokenUse& token_;

  Phase phase_ = Phase::kIdle;
  std::optional<UnixNanos> deadline_;  // of the phase
  schemas::StreamState state_ = schemas::StreamState::kUnspecified;
  bool halted_ = false;
  std::int64_t sent_with_ = 0;               // the token's number in the last request
  std::int64_t request_id_ = 0;              // of the last request
  std::optional<std::int64_t> next_number_;  // of this subscription; none before its snapshot
  std::string_view hole_;                    // not empty: the next snapshot declares a hole with this reason
  int missed_ = 0;                           // deadlines in a row
  int retries_ = 0;                          // after passing refusals, in a row
  int resyncs_ = 0;                          // in a row
  std::optional<UnixNanos> last_resync_;
};

}  // namespace millrace::normalize::kraken

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "clients/cpp/src/event.h"
#include "schemas/codec/decode.h"

namespace millrace::client {

// What the state topics say of one account, and what listeners were told of it. Reads are remembered at once and told
// only when this process holds the account's executions and has read the topics to their end. One thread.
class AccountState {
 public:
  // `silence`: without a sign of life for so long a stream is not live, whatever its status says; ns.
  explicit AccountState(std::int64_t silence) : silence_(silence) {}

  // A record of the status topic. Those of other datasets than the account's, of the sidecar, and of an older epoch are
  // ignored. True: the stream has halted, and had not before.
  bool take(const schemas::Decoded<schemas::StreamStatus>& status, RecordPtr record);
  // A completed sweep with a watermark.
  void take(const schemas::Decoded<schemas::Recovery>& recovery, RecordPtr record);

  // A heartbeat or record of the stream's writer: `time` by its clock, `now` by ours. Of an older epoch it is ignored.
  void sign_of_life(std::int64_t epoch, UnixNanos time, std::int64_t now);

  // on_connected or on_disconnected, if there is news. Call it only when it is to be told: the wait for the first sign
  // of life begins then.
  EventPtr connection_news(std::int64_t now);
  // Watermarks that may be told now. `end` gives the offset behind the account's executions as they are now, asked
  // once for each watermark: all its fills stand before that. `position` is how far they are handed over.
  template <class End>
  std::vector<EventPtr> recovery_news(std::int64_t position, End&& end);
  bool awaits_recovery() const noexcept { return !sweeps_.empty(); }

  // The account's executions went to another process: told again when they come back.
  void forget_told();

  // Nullopt: nothing is known of the executions. Else what decides: they, the balances if only these are not live, or
  // the silence of a writer that may be dead.
  std::optional<Connection> connection(std::int64_t now) const;

 private:
  struct Stream {
    schemas::StreamState state = schemas::StreamState::kUnspecified;
    std::int64_t epoch = 0;
    std::string worker;
    Connection connection;
    RecordPtr record;
  };
  // Of one scope: the watermark that waits for its fills to be handed over, and the latest behind it, so that a reader
  // who lags does not wait for an end that moves on.
  struct Sweep {
    EventPtr event;
    std::optional<std::int64_t> until;
    EventPtr next;
  };

  const Stream* deciding() const;
  bool is_silent(std::int64_t now) const;

  const std::int64_t silence_;
  std::map<std::string, Stream> streams_;  // by dataset: execution, balance
  std::optional<bool> told_connected_;
  std::int64_t epoch_ = 0;                  // of the last sign of life
  std::optional<std::int64_t> last_sign_;   // our clock
  UnixNanos last_sign_time_ = 0;            // its writer's
  std::optional<std::int64_t> wait_since_;  // for the first one; our clock
  std::map<std::string, Sweep> sweeps_;     // by scope
};

template <class End>
std::vector<EventPtr> AccountState::recovery_news(std::int64_t position, End&& end) {
  std::vector<EventPtr> news;
  for (auto at = sweeps_.begin(); at != sweeps_.end();) {
    Sweep& sweep = at->second;
    if (!sweep.until) sweep.until = end();
    if (!sweep.until || position < *sweep.until) {
      ++at;
      continue;
    }
    news.push_back(std::move(sweep.event));
    sweep = {std::move(sweep.next), std::nullopt, nullptr};
    if (!sweep.event) at = sweeps_.erase(at);
  }
  return news;
}

}  // namespace millrace::client

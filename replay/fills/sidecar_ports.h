#pragma once

#include <cstdint>

#include "normalize/account/account_adapter.h"
#include "schemas/events/account.h"

namespace millrace::fills {

using schemas::UnixNanos;

// What the sidecar's core wants done, by a shell that has sockets, a broker and a clock. Each call returns at once;
// its answer is a later call of AccountSidecar with the same id, exactly one, and never from inside the call. Ids rise
// from 1 and are not used twice by one core. References are valid during the call.
class SidecarPorts {
 public:
  virtual ~SidecarPorts() = default;

  // -> on_answer. Sends it now, signed as it says; the budget is taken already.
  virtual void ask(std::int64_t id, const normalize::PrivateRequest& request) = 0;
  // -> on_published. As REPLAY, under execution.revision; the answer is the broker's acknowledgement. In the order of
  // the calls. `received`: the end of the REST page, our clock.
  virtual void publish(std::int64_t id, const normalize::FoundFill& fill, UnixNanos received) = 0;
  // -> on_caught_up: the consumer of the execution topic has handed over (on_record) all that was in it at this moment.
  virtual void catch_up(std::int64_t id) = 0;
  // -> on_committed. Cursor and Recovery in one transaction, once what was told before is in its topic. `cursor.time`
  // is left for the shell to fill in.
  virtual void commit(std::int64_t id, const schemas::Cursor& cursor, const schemas::Recovery& recovery) = 0;
  // -> on_cursor. A commit has failed, and nobody knows whether it took place: what does the topic say?
  virtual void read_cursor(std::int64_t id) = 0;
  // -> on_token. The venue says that the account's token is gone.
  virtual void renew_token(std::int64_t id) = 0;

  // No answer to these.
  // A Recovery outside of a transaction: STARTED, FAILED.
  virtual void tell(const schemas::Recovery& recovery) = 0;
  // The venue's clock showed `venue` when ours showed `ours`: signers and their time stamps go by it.
  virtual void venue_clock(UnixNanos venue, UnixNanos ours) = 0;
  // The host wants nothing before `until`, from any process: to the status topic.
  virtual void host_stopped(UnixNanos until) = 0;
  // A dry run found it missing, or to be corrected.
  virtual void would_publish(const normalize::FoundFill& fill) = 0;
};

}  // namespace millrace::fills

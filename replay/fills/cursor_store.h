#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "publish/kafka/transactor.h"
#include "schemas/events/account.h"

namespace millrace::fills {

// One account's cursor in ctl.cursor.v1, and the right to write it: of several sidecars the newest has it (design
// section 8). Everything blocks: for a thread without sockets.
class CursorStore {
 public:
  enum class Outcome : std::uint8_t {
    kDone,
    kTakenOver,  // a higher instance is in the topic: stop, for good
    kUnknown,    // it may have been written
    kFailed
  };

  CursorStore(publish::KafkaSettings settings, std::string venue, std::string account);

  // What the topic says; nothing if it has none. Throws std::runtime_error if it cannot be read.
  std::optional<schemas::Cursor> read() const;
  // Takes the account over: initializes transactions, reads the cursor, writes the next instance number into it. `now`
  // is the wall clock. Throws std::runtime_error if the broker does not let it in time.
  schemas::Cursor take(const std::string& worker, schemas::UnixNanos now);

  // The cursor and, if there is one, the Recovery, in one transaction. A fence that was false (the topic still has our
  // instance) is healed, and what was to be written is kUnknown then.
  Outcome write(const schemas::Cursor& cursor, const std::optional<schemas::Recovery>& recovery, std::string& error);

  const std::string& key() const noexcept { return key_; }

 private:
  Outcome fenced(std::string& error);
  publish::TransactionRecord cursor_record(const schemas::Cursor& cursor) const;
  publish::TransactionRecord recovery_record(const schemas::Recovery& recovery) const;

  const publish::KafkaSettings settings_;
  const std::string key_;
  const schemas::StreamIdentity identity_;
  const std::string recovery_topic_;
  std::int64_t instance_ = 0;
  publish::Transactor transactor_;
};

// A Recovery as a record: topic ops.{venue}.recovery.v1, key the account.
std::string encode_recovery(const schemas::StreamIdentity& identity, const schemas::Recovery& recovery,
                            schemas::UnixNanos now);

inline constexpr std::string_view kCursorTopic = "ctl.cursor.v1";
inline constexpr std::string_view kCursorName = "fills";

}  // namespace millrace::fills

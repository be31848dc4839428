#include "replay/fills/cursor_store.h"

#include <stdexcept>
#include <utility>
#include <variant>

#include "publish/kafka/topic_names.h"
#include "publish/kafka/topic_reader.h"
#include "publish/wall_clock.h"
#include "schemas/codec/decode.h"
#include "schemas/codec/encode.h"

namespace millrace::fills {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;
using publish::Transactor;

constexpr milliseconds kReadTimeout{10'000};
constexpr milliseconds kInitTimeout{30'000};
constexpr milliseconds kCommitTimeout{10'000};
// Two that start at once fence each other; each round one of them is ahead.
constexpr int kTakeTries = 5;

}  // namespace

CursorStore::CursorStore(publish::KafkaSettings settings, std::string venue, std::string account)
    : settings_(std::move(settings)),
      key_(venue + "/" + account + "/" + std::string(kCursorName)),
      identity_(schemas::make_stream_identity(venue, "", "", account)),
      recovery_topic_(publish::ops_topic(venue, "recovery")),
      transactor_(settings_, settings_.prefix + ".sidecar." + venue + "." + account) {}

// The topic is compacted and small. The last record of the key holds.
std::optional<schemas::Cursor> CursorStore::read() const {
  std::optional<schemas::Cursor> found;
  const publish::ReadScope scope{{publish::full_topic(settings_.prefix, kCursorTopic)}, std::nullopt};
  const bool whole = publish::read_topics(
      settings_, scope, Clock::now() + kReadTimeout, [&](std::string_view, std::string_view value) {
        auto record = schemas::decode(schemas::MessageType::kCursor, value);
        const auto* cursor = record ? std::get_if<schemas::Cursor>(&*record) : nullptr;
        if (cursor == nullptr || cursor->name != kCursorName) return;
        if (cursor->venue != identity_.venue || cursor->account != identity_.account) return;
        found = *cursor;
      });
  if (!whole) throw std::runtime_error("kafka: the cursor topic could not be read to its end in time");
  return found;
}

schemas::Cursor CursorStore::take(const std::string& worker, schemas::UnixNanos now) {
  std::string error;
  for (int i = 0; i < kTakeTries; ++i) {
    transactor_.init(kInitTimeout);
    schemas::Cursor cursor = read().value_or(schemas::Cursor{});
    cursor.venue = identity_.venue;
    cursor.account = identity_.account;
    cursor.name = kCursorName;
    cursor.worker = worker;
    cursor.time = now;
    ++cursor.instance;
    if (transactor_.commit({cursor_record(cursor)}, kCommitTimeout, error) != Transactor::Outcome::kCommitted) continue;
    instance_ = cursor.instance;
    return cursor;
  }
  throw std::runtime_error("sidecar: the account could not be taken over: " + error);
}

CursorStore::Outcome CursorStore::write(const schemas::Cursor& cursor, const std::optional<schemas::Recovery>& recovery,
                                        std::string& error) {
  std::vector<publish::TransactionRecord> records{cursor_record(cursor)};
  if (recovery) records.push_back(recovery_record(*recovery));
  switch (transactor_.commit(records, kCommitTimeout, error)) {
    case Transactor::Outcome::kCommitted:
      return Outcome::kDone;
    case Transactor::Outcome::kFailed:
      return Outcome::kFailed;
    case Transactor::Outcome::kFenced:
    case Transactor::Outcome::kUnknown:
      return fenced(error);
  }
  return Outcome::kFailed;
}

// Who has the higher number is right (kafka.md: a transaction that timed out at the broker fences its own producer).
CursorStore::Outcome CursorStore::fenced(std::string& error) {
  try {
    const auto cursor = read();
    if (cursor && cursor->instance > instance_) return Outcome::kTakenOver;
    transactor_.init(kInitTimeout);
    const auto again = read();
    if (again && again->instance > instance_) return Outcome::kTakenOver;
  } catch (const std::exception& failed) {
    error += std::string("; ") + failed.what();
  }
  return Outcome::kUnknown;
}

publish::TransactionRecord CursorStore::cursor_record(const schemas::Cursor& cursor) const {
  publish::TransactionRecord record{std::string(kCursorTopic), key_, {}, schemas::MessageType::kCursor};
  encode(cursor, record.bytes);
  return record;
}

publish::TransactionRecord CursorStore::recovery_record(const schemas::Recovery& recovery) const {
  return {recovery_topic_, identity_.account, encode_recovery(identity_, recovery, wall_clock()),
          schemas::MessageType::kRecovery};
}

std::string encode_recovery(const schemas::StreamIdentity& identity, const schemas::Recovery& recovery,
                            schemas::UnixNanos now) {
  schemas::Meta meta;
  meta.stream = &identity;
  meta.epoch = recovery.instance;
  meta.seq = recovery.sweep;
  meta.receive_time = now;
  meta.origin = schemas::Origin::kReplay;
  std::string bytes;
  encode(meta, recovery, bytes);
  return bytes;
}

}  // namespace millrace::fills

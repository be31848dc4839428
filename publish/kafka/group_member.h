#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "publish/kafka/settings.h"
#include "publish/kafka/transactor.h"

namespace millrace::publish {

// Why partitions are taken away: kHandedOver waits for give_up(); kLost: the group went on without us, others may write
// already.
enum class Revocation : std::uint8_t { kHandedOver, kLost };

// What a member of the group hears, from within poll().
class GroupListener {
 public:
  virtual ~GroupListener() = default;
  // More partitions, read from their beginning. May be none: then the group has nothing (more) for this member.
  virtual void on_assigned(const std::vector<std::int32_t>& partitions) = 0;
  // These are to be given up: stop what depends on them, then call give_up().
  virtual void on_revoked(const std::vector<std::int32_t>& partitions, Revocation how) = 0;
  // A record of a partition that is held; no value: a tombstone. Valid during the call.
  virtual void on_record(std::int32_t partition, std::string_view key, std::optional<std::string_view> value) = 0;
  // Read to its end as it is now. Again after each further record.
  virtual void on_end(std::int32_t partition) = 0;
};

// A member of a consumer group on one compacted topic, each of whose partitions is read whole by the one who holds it.
// Cooperative: what a member keeps is not interrupted. A member that is silent for 6 s loses its partitions. Everything
// on one thread, which calls poll() at least every 30 s, or the group goes on without it.
class GroupMember {
 public:
  // `topic` after the prefix. Throws std::runtime_error if there is no such topic, or no broker in time.
  GroupMember(const KafkaSettings& settings, const std::string& group, const std::string& topic,
              std::chrono::milliseconds timeout);
  ~GroupMember();  // leaves the group: the others are told at once. Blocks for up to a few seconds
  GroupMember(const GroupMember&) = delete;
  GroupMember& operator=(const GroupMember&) = delete;

  // Waits for one event and then takes what else is there. Throws std::runtime_error if the broker refuses the group or
  // the topic for good.
  void poll(std::chrono::milliseconds wait, GroupListener& listener);
  // Answers on_revoked(), from within or later; what is revoked stays with us until then.
  void give_up();

  std::int32_t partitions() const noexcept;  // of the topic
  // Commits a record of this member (Transactor::commit_as_member). Never with nothing assigned.
  Transactor::Outcome commit(Transactor& transactor, const TransactionRecord& record, std::chrono::milliseconds timeout,
                             std::string& error, std::int64_t& offset);

 private:
  struct Handle;
  std::unique_ptr<Handle> handle_;
};

}  // namespace millrace::publish

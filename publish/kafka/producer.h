#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "publish/kafka/settings.h"

namespace millrace::publish {

// What became of a record that a Producer was handed.
enum class Fate : std::uint8_t {
  kAcked,
  kQueueFull,  // refused at once, with all behind it in the batch: hand them over again later
  kTooLarge,   // from here to kOther: lost for good, the broker will not have it
  kNoTopic,    // topic or partition does not exist (any more)
  kForbidden,  // no permission
  kInvalid,    // the broker finds the record ill-formed
  kOther,
  kProducerDead,  // the producer failed for good before it knew: the record may be there or not
};
inline constexpr std::size_t kFateCount = 8;
std::string_view name(Fate fate) noexcept;  // "too_large" ...: the reason label of metrics
inline bool is_lost(Fate fate) noexcept { return fate >= Fate::kTooLarge && fate <= Fate::kOther; }

// Told about each record, on the thread that calls submit() and poll().
class ReportListener {
 public:
  virtual ~ReportListener() = default;
  // Called for each record once. `cookie` is Outgoing's; `partition` is the record's; `offset` is -1 where it is not
  // known. Must not call the producer back.
  virtual void on_report(void* cookie, Fate fate, std::int32_t partition, std::int64_t offset) = 0;
};

// A topic as a Producer knows it; dense from 0 in the order of add_topic().
enum class TopicSlot : std::uint32_t {};

// A record to be sent. The bytes stay where they are, unchanged, until its report or the end of the producer;
// librdkafka sends them from there.
struct Outgoing {
  std::span<std::byte> bytes;
  std::string_view key;  // copied
  std::int32_t partition = 0;
  void* cookie = nullptr;
};

// One librdkafka producer handle: idempotent, acks=all, never timing a record out. Made and used on one thread, but may
// be moved to another to be destroyed, which can take long. The listener may be changed while nobody polls. It owns no
// record: what it is handed stays the caller's, and every record that was taken gets exactly one report, unless the
// producer ends before.
class Producer {
 public:
  // `wake_fd` (an eventfd) becomes readable when poll() has something to do; -1 for none. Throws std::runtime_error
  // with what to do if librdkafka refuses the settings.
  Producer(const KafkaSettings& settings, int wake_fd);
  ~Producer();  // blocks until librdkafka's threads have ended; unsent records are forgotten
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

  // `topic` is the full name. Nothing is asked of the broker.
  TopicSlot add_topic(const std::string& topic);
  // Asks for the topic's partitions and keeps its metadata warm. Not above 0: it cannot be written to.
  std::int32_t partitions(TopicSlot topic, std::chrono::milliseconds timeout);
  // One line that says why, and what to do, of such an answer.
  std::string problem(TopicSlot topic, std::int32_t answer) const;

  // Queues for submit(); no call into librdkafka. The key must stay valid until then.
  void push(TopicSlot topic, const Outgoing& record);
  // Hands over what was pushed for `topic`, in order. What is refused is reported before this returns. All of it is for
  // `only` partition if that is named: slower for many partitions, but librdkafka 2.0.2 forgets to free records for
  // several partitions when it refuses the topic, so this is the way for a topic that was refused before.
  void submit(TopicSlot topic, ReportListener& listener, std::int32_t only = kEachItsOwn);
  static constexpr std::int32_t kEachItsOwn = -1;
  // One record with header "mr"; for records that may be there already, or come late: those carry their own time
  // (`time_ms`, Unix; 0: that of this call). kQueueFull, a lost fate, or kAcked for "taken" (its real report comes by
  // poll()). Nothing but "taken" is followed by a report.
  Fate send_with_header(TopicSlot topic, const Outgoing& record, std::string_view header, std::int64_t time_ms = 0);

  // Delivers reports. Waits for the first one at most `wait`.
  void poll(ReportListener& listener, std::chrono::milliseconds wait = std::chrono::milliseconds{0});

  // Has librdkafka given up for good (a fatal error of the idempotent producer)? Cheap. A dead producer takes and
  // delivers nothing any more; the only way on is a new one.
  bool dead() const noexcept;
  std::string cause_of_death() const;  // librdkafka's words
  // Dead because our user may write to no topic at all: the broker gives an idempotent producer no id.
  bool forbidden() const noexcept;
  std::size_t in_queue() const;  // handed over and not yet reported

 private:
  // librdkafka's objects; keeps its header out of everybody's includes.
  struct Handle;
  std::unique_ptr<Handle> handle_;
};

}  // namespace millrace::publish

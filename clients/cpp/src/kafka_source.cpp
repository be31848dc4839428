#include "clients/cpp/src/kafka_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "publish/kafka/murmur2.h"
#include "publish/kafka/topic_names.h"

namespace millrace::client {
namespace {

using std::chrono::milliseconds;

constexpr int kBatch = 256;               // events a poll, so that deadlines are looked at in between
constexpr int kStateBatch = 10'000;       // the status topic has all market streams, too
constexpr std::int64_t kSweeps = 10'000;  // of the recovery topic, from its end
constexpr int kAskTries = 3;
constexpr int kAskTimeout = 10'000;  // ms, while rebalancing
constexpr int kEndTimeout = 2'000;   // ms

bool is_event(TopicKind kind) { return kind == TopicKind::kExecution || kind == TopicKind::kBalance; }

Place place_of(const rd_kafka_message_t& message) { return {rd_kafka_topic_name(message.rkt), message.partition}; }

// Of a state topic.
std::int64_t first_offset(TopicKind kind) {
  if (kind == TopicKind::kHeartbeat) return RD_KAFKA_OFFSET_END;
  return kind == TopicKind::kRecovery ? RD_KAFKA_OFFSET_TAIL(kSweeps) : RD_KAFKA_OFFSET_BEGINNING;
}

// An answer has an error for each partition; one without an offset only looks like "nothing was committed".
rd_kafka_resp_err_t first_error(const rd_kafka_topic_partition_list_t& partitions) {
  for (int i = 0; i < partitions.cnt; ++i) {
    if (partitions.elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR) return partitions.elems[i].err;
  }
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

std::string to_text(const Place& place) { return fmt::format("{} [{}]", place.topic, place.partition); }

}  // namespace

KafkaSource::KafkaSource(const Options& options, Log& log) : options_(options), log_(log), owner_{log, this} {
  for (const std::string& venue : options_.venues) {
    add_topic(publish::account_topic(venue, "execution"), TopicKind::kExecution, venue);
    add_topic(publish::account_topic(venue, "balance"), TopicKind::kBalance, venue);
    add_topic(publish::ops_topic(venue, "status"), TopicKind::kStatus, venue);
    add_topic(publish::ops_topic(venue, "recovery"), TopicKind::kRecovery, venue);
    add_topic(publish::ops_topic(venue, "heartbeat"), TopicKind::kHeartbeat, venue);
  }
}

void KafkaSource::add_topic(std::string name, TopicKind kind, const std::string& venue) {
  topics_[publish::full_topic(options_.prefix, name)] = {kind, venue, 0, 0};
}

void KafkaSource::open() {
  make_events();
  for (auto& [name, topic] : topics_) {
    topic.partitions = partition_count(events_.get(), name, options_.start_timeout, "Read and Describe");
    if (topic.partitions > 0) continue;
    throw std::runtime_error(fmt::format("kafka: topic {} does not exist: make it with `millrace topics apply`", name));
  }
  make_states();
  const Partitions wanted(rd_kafka_topic_partition_list_new(4));
  for (const auto& [name, topic] : topics_) {
    if (is_event(topic.kind)) {
      rd_kafka_topic_partition_list_add(wanted.get(), name.c_str(), RD_KAFKA_PARTITION_UA);
    }
  }
  if (const auto error = rd_kafka_subscribe(events_.get(), wanted.get())) {
    throw std::runtime_error(fmt::format("kafka: subscribing: {}", rd_kafka_err2str(error)));
  }
}

// The range strategy gives one process the same partitions of all topics, so an account's executions and balances.
void KafkaSource::make_events() {
  Conf conf = make_conf(options_,
                        {{"group.id", options_.group},
                         {"enable.auto.commit", "false"},
                         {"enable.auto.offset.store", "false"},
                         {"enable.partition.eof", "true"},
                         {"auto.offset.reset", "earliest"},
                         {"partition.assignment.strategy", "range"}},
                        owner_);
  rd_kafka_conf_set_rebalance_cb(conf.get(), on_rebalance);
  rd_kafka_conf_set_offset_commit_cb(conf.get(), on_commit);
  events_ = make_handle(RD_KAFKA_CONSUMER, std::move(conf));
  rd_kafka_poll_set_consumer(events_.get());
}

// Assigned by hand: librdkafka wants a group's name, but there is no group.
void KafkaSource::make_states() {
  states_ = make_handle(RD_KAFKA_CONSUMER, make_conf(options_,
                                                     {{"group.id", options_.group + "-state"},
                                                      {"enable.auto.commit", "false"},
                                                      {"enable.partition.eof", "true"},
                                                      {"auto.offset.reset", "earliest"}},
                                                     owner_));
  rd_kafka_poll_set_consumer(states_.get());
  const Partitions all(rd_kafka_topic_partition_list_new(4));
  for (const auto& [name, topic] : topics_) {
    if (is_event(topic.kind)) continue;
    const std::int64_t start = first_offset(topic.kind);
    for (int partition = 0; partition < topic.partitions; ++partition) {
      rd_kafka_topic_partition_list_add(all.get(), name.c_str(), partition)->offset = start;
    }
  }
  if (const auto error = rd_kafka_assign(states_.get(), all.get())) {
    throw std::runtime_error(fmt::format("kafka: reading status: {}", rd_kafka_err2str(error)));
  }
}

void KafkaSource::on_rebalance(rd_kafka_t* client, rd_kafka_resp_err_t error,
                               rd_kafka_topic_partition_list_t* partitions, void* owner) {
  auto& self = *static_cast<KafkaSource*>(static_cast<Owner*>(owner)->self);
  if (error == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) return self.assign(partitions);
  self.revoke(*partitions);
  rd_kafka_assign(client, nullptr);
}

// What is assigned begins a little before its committed offset, so that the ids of what was told are known.
void KafkaSource::assign(rd_kafka_topic_partition_list_t* partitions) {
  if (!sink_ || !ask_committed(partitions)) {
    rd_kafka_assign(events_.get(), nullptr);
    return;
  }
  for (int i = 0; i < partitions->cnt; ++i) {
    rd_kafka_topic_partition_t& each = partitions->elems[i];
    const Place place{each.topic, each.partition};
    const auto start = start_of(place, each.offset);
    if (!start) {
      rd_kafka_assign(events_.get(), nullptr);
      return;
    }
    each.offset = start->read;
    tell_from_[place] = start->tell;
  }
  for (const auto& [place, from] : tell_from_) sink_->on_assigned(place, from);
  rd_kafka_assign(events_.get(), partitions);
  if (held_) rd_kafka_pause_partitions(events_.get(), partitions);
}

// Without it nobody knows what was told: better to end than to guess.
bool KafkaSource::ask_committed(rd_kafka_topic_partition_list_t* partitions) {
  auto error = RD_KAFKA_RESP_ERR_NO_ERROR;
  for (int i = 0; i < kAskTries; ++i) {
    error = rd_kafka_committed(events_.get(), partitions, kAskTimeout);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) error = first_error(*partitions);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return true;
  }
  fatal_ = fmt::format("kafka: asking for committed offsets: {}", rd_kafka_err2str(error));
  return false;
}

// An offset beyond the end, or before the beginning, is of another topic of that name or of records that are gone. A
// partition without a leader cannot be asked: what was committed is believed then.
std::optional<KafkaSource::Start> KafkaSource::start_of(const Place& place, std::int64_t committed) {
  std::int64_t low = 0;
  std::int64_t high = 0;
  const auto error =
      rd_kafka_query_watermark_offsets(events_.get(), place.topic.c_str(), place.partition, &low, &high, kAskTimeout);
  const bool is_known = error == RD_KAFKA_RESP_ERR_NO_ERROR;
  if (!is_known && committed < 0) {
    fatal_ = fmt::format("kafka: asking for the end of {}: {}", to_text(place), rd_kafka_err2str(error));
    return std::nullopt;
  }
  std::int64_t tell = committed;
  if (committed < 0) tell = options_.begin == Begin::kEarliest ? low : high;
  if (is_known && (tell < low || tell > high)) {
    log_(LogLevel::kWarning, fmt::format("kafka: {}: committed {} is outside of {} to {}: reading from its beginning",
                                         to_text(place), tell, low, high));
    tell = low;
  }
  return Start{std::max(low, tell - options_.lookback), tell};
}

void KafkaSource::revoke(const rd_kafka_topic_partition_list_t& partitions) {
  Offsets offsets;
  for (int i = 0; i < partitions.cnt; ++i) {
    const Place place{partitions.elems[i].topic, partitions.elems[i].partition};
    tell_from_.erase(place);
    if (!sink_) continue;
    if (const auto next = sink_->on_revoked(place)) offsets.emplace_back(place, *next);
  }
  // Lost without a word from us: another process has them already.
  if (!offsets.empty() && rd_kafka_assignment_lost(events_.get()) == 0) commit(offsets, true);
}

void KafkaSource::on_commit(rd_kafka_t*, rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t*, void* owner) {
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR || error == RD_KAFKA_RESP_ERR__NO_OFFSET) return;
  static_cast<KafkaSource*>(static_cast<Owner*>(owner)->self)->refused_ = true;
}

bool KafkaSource::commit(const Offsets& offsets, bool wait) {
  if (offsets.empty()) return true;
  const Partitions list(rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
  for (const auto& [place, next] : offsets) {
    rd_kafka_topic_partition_list_add(list.get(), place.topic.c_str(), place.partition)->offset = next;
  }
  const auto error = rd_kafka_commit(events_.get(), list.get(), wait ? 0 : 1);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return true;
  log_(LogLevel::kWarning, fmt::format("kafka: committing offsets: {}", rd_kafka_err2str(error)));
  return false;
}

bool KafkaSource::refused() { return std::exchange(refused_, false); }

void KafkaSource::poll(milliseconds wait, SourceSink& sink) {
  sink_ = &sink;
  if (poll_one(events_.get(), wait, sink)) {
    for (int i = 1; i < kBatch && poll_one(events_.get(), milliseconds{0}, sink); ++i) {
    }
  }
  for (int i = 0; i < kStateBatch && poll_one(states_.get(), milliseconds{0}, sink); ++i) {
  }
  sink_ = nullptr;
  if (!fatal_.empty()) throw std::runtime_error(fatal_);
}

bool KafkaSource::poll_one(rd_kafka_t* client, milliseconds wait, SourceSink& sink) {
  const Message message(rd_kafka_consumer_poll(client, static_cast<int>(wait.count())));
  if (!message) return false;
  switch (message->err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      take(*message, sink);
      return true;
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
      take_end(*message, sink);
      return true;
    case RD_KAFKA_RESP_ERR__FATAL: {
      char text[512] = "";
      rd_kafka_fatal_error(client, text, sizeof text);
      fatal_ = fmt::format("kafka: {}", text);
      return false;
    }
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
      // Only events are read as a group.
      if (client == events_.get()) {
        log_(LogLevel::kError, publish::not_authorized("group", options_.group, "Read") + "; trying again");
      }
      return true;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      log_(LogLevel::kError,
           publish::not_authorized("topic", rd_kafka_topic_name(message->rkt), "Read") + "; trying again");
      return true;
    default:  // librdkafka tries again by itself
      log_(LogLevel::kWarning, fmt::format("kafka: reading: {}", rd_kafka_message_errstr(message.get())));
      return true;
  }
}

void KafkaSource::take(const rd_kafka_message_t& message, SourceSink& sink) {
  Record record;
  record.place = place_of(message);
  const TopicInfo& topic = topics_.at(record.place.topic);
  record.kind = topic.kind;
  record.venue = topic.venue;
  record.offset = message.offset;
  if (is_event(topic.kind)) {
    const auto from = tell_from_.find(record.place);
    if (from == tell_from_.end()) return;  // not ours any more
    record.old = message.offset < from->second;
  } else {
    record.old = !ended_.contains(record.place);
  }
  record.key.assign(static_cast<const char*>(message.key), message.key_len);
  record.value.assign(static_cast<const char*>(message.payload), message.len);
  sink.on_record(std::make_shared<const Record>(std::move(record)));
}

void KafkaSource::take_end(const rd_kafka_message_t& message, SourceSink& sink) {
  const Place place = place_of(message);
  TopicInfo& topic = topics_.at(place.topic);
  if (is_event(topic.kind)) return sink.on_end(place, message.offset);
  if (!ended_.insert(place).second || ++topic.ended < topic.partitions) return;
  sink.on_caught_up(topic.kind, topic.venue);
}

Place KafkaSource::execution_place(const std::string& venue, const std::string& account) const {
  std::string topic = publish::full_topic(options_.prefix, publish::account_topic(venue, "execution"));
  const std::int32_t partition = publish::partition_of(account, topics_.at(topic).partitions);
  return {std::move(topic), partition};
}

std::optional<std::int64_t> KafkaSource::end_of(const Place& place) {
  std::int64_t low = 0;
  std::int64_t high = 0;
  const auto error =
      rd_kafka_query_watermark_offsets(events_.get(), place.topic.c_str(), place.partition, &low, &high, kEndTimeout);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return high;
  log_(LogLevel::kWarning, fmt::format("kafka: asking for the end of {}: {}", to_text(place), rd_kafka_err2str(error)));
  return std::nullopt;
}

void KafkaSource::hold(bool on) {
  if (std::exchange(held_, on) == on) return;
  rd_kafka_topic_partition_list_t* assigned = nullptr;
  if (rd_kafka_assignment(events_.get(), &assigned) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  const Partitions partitions(assigned);
  if (on) {
    rd_kafka_pause_partitions(events_.get(), assigned);
  } else {
    rd_kafka_resume_partitions(events_.get(), assigned);
  }
}

// Leaves the group, so that others need not wait for the session to expire.
void KafkaSource::close() {
  if (events_) rd_kafka_consumer_close(events_.get());
  if (states_) rd_kafka_consumer_close(states_.get());
  events_.reset();
  states_.reset();
}

}  // namespace millrace::client

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "clients/cpp/src/kafka_client.h"
#include "clients/cpp/src/source.h"

namespace millrace::client {

// Records from a broker: a member of the group for the events, and a reader of its own for the state topics, which each
// process reads whole. One thread, but for librdkafka's own.
class KafkaSource final : public RecordSource {
 public:
  // `log` must outlive it.
  KafkaSource(const Options& options, Log& log);
  ~KafkaSource() override { close(); }

  void open() override;
  void poll(std::chrono::milliseconds wait, SourceSink& sink) override;
  bool commit(const Offsets& offsets, bool wait) override;
  bool refused() override;
  Place execution_place(const std::string& venue, const std::string& account) const override;
  std::optional<std::int64_t> end_of(const Place& place) override;
  void hold(bool on) override;
  void close() override;

 private:
  struct TopicInfo {
    TopicKind kind = TopicKind::kExecution;
    std::string venue;
    int partitions = 0;
    int ended = 0;  // partitions of a state topic that were read to their end
  };
  // Where reading of a partition begins, and from where on records are told.
  struct Start {
    std::int64_t read = 0;
    std::int64_t tell = 0;
  };

  void add_topic(std::string name, TopicKind kind, const std::string& venue);
  void make_events();
  void make_states();

  // Rebalancing, from within poll() and close().
  static void on_rebalance(rd_kafka_t* client, rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t* partitions,
                           void* owner);
  static void on_commit(rd_kafka_t* client, rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t* partitions,
                        void* owner);
  void assign(rd_kafka_topic_partition_list_t* partitions);
  void revoke(const rd_kafka_topic_partition_list_t& partitions);
  bool ask_committed(rd_kafka_topic_partition_list_t* partitions);
  std::optional<Start> start_of(const Place& place, std::int64_t committed);

  // False: there was nothing.
  bool poll_one(rd_kafka_t* client, std::chrono::milliseconds wait, SourceSink& sink);
  void take(const rd_kafka_message_t& message, SourceSink& sink);
  void take_end(const rd_kafka_message_t& message, SourceSink& sink);

  const Options options_;
  Log& log_;
  Owner owner_;
  std::map<std::string, TopicInfo> topics_;  // by full name
  Handle events_;
  Handle states_;
  std::map<Place, std::int64_t> tell_from_;  // of assigned event partitions
  std::set<Place> ended_;                    // of state topics
  SourceSink* sink_ = nullptr;               // during poll()
  bool held_ = false;
  bool refused_ = false;
  std::string fatal_;  // why nothing more can come
};

}  // namespace millrace::client

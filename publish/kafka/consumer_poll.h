#pragma once

#include <librdkafka/rdkafka.h>

#include <chrono>

namespace millrace::publish {

// Polls a consumer and waits by the steady clock. librdkafka 2.0.2 waits by the wall clock: if that is set back by an
// hour, a poll of 200 ms lasts an hour. One thread. Must outlive the consumer, whose threads write to it.
class ConsumerPoll {
 public:
  // Throws std::runtime_error.
  ConsumerPoll();
  ~ConsumerPoll();
  ConsumerPoll(const ConsumerPoll&) = delete;
  ConsumerPoll& operator=(const ConsumerPoll&) = delete;

  // Once, after rd_kafka_poll_set_consumer().
  void watch(rd_kafka_t* consumer);
  // As rd_kafka_consumer_poll(), but may return null before `wait` is over, having called back or not.
  rd_kafka_message_t* poll(rd_kafka_t* consumer, std::chrono::milliseconds wait);

 private:
  int wake_fd_;
};

}  // namespace millrace::publish

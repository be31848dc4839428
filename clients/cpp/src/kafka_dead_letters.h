#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "clients/cpp/src/dead_letters.h"
#include "clients/cpp/src/kafka_client.h"

namespace millrace::client {

// Letters as records of a topic: key and value of the original, and headers that say what became of it (README). Sent
// again without end until the broker has them. Not idempotent: a letter may stand there twice, and no fatal error can
// stop the producer.
class KafkaDeadLetters final : public DeadLetters {
 public:
  // `log` must outlive it. Throws std::invalid_argument, std::runtime_error; asks no broker.
  KafkaDeadLetters(const Options& options, Log& log);
  ~KafkaDeadLetters() override;

  // Finds the topic or makes it. Throws std::runtime_error, with what to do.
  void open();

  void park(DeadLetter letter, std::function<void()> done) override;
  void poll() override;
  std::size_t waiting() const override { return waiting_; }
  void flush(std::chrono::milliseconds wait) override;

 private:
  struct Pending {
    DeadLetter letter;
    std::function<void()> done;
  };

  void create_topic();
  // Hands the letter to librdkafka; what it does not take is kept for poll().
  void send(std::unique_ptr<Pending> pending);
  void keep(std::unique_ptr<Pending> pending, rd_kafka_resp_err_t error);
  static void on_report(rd_kafka_t* client, const rd_kafka_message_t* message, void* owner);

  const std::string topic_;
  const bool create_;
  const std::chrono::milliseconds timeout_;
  Log& log_;
  Owner owner_;
  Handle producer_;
  std::atomic<std::size_t> waiting_ = 0;
  std::mutex mutex_;                                // guards refused_
  std::deque<std::unique_ptr<Pending>> refused_;    // to be sent again
  std::chrono::steady_clock::time_point retry_at_;  // of the polling thread
};

}  // namespace millrace::client

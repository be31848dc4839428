#pragma once

#include <mutex>
#include <string>
#include <string_view>

namespace millrace::publish {

// What a client's connections complained about last, in librdkafka's words, with what to do about it. librdkafka tells
// its reasons in its log alone, so this is fed by the log callback. All members from any thread. Holds no secret:
// librdkafka names users and files, never passwords. It is its handle's opaque: what other callbacks need is derived
// from it.
class Trouble {
 public:
  Trouble() = default;
  virtual ~Trouble() = default;
  Trouble(const Trouble&) = delete;
  Trouble& operator=(const Trouble&) = delete;

  // A line of librdkafka's log; those that say nothing about a connection are passed over.
  void note(std::string_view facility, std::string_view text);
  // Waiting will not help: password, certificate or authority are wrong.
  bool refused() const;
  // One line; empty if no connection complained.
  std::string text() const;

 private:
  mutable std::mutex mutex_;
  std::string text_;      // guarded by mutex_
  bool refused_ = false;  // guarded by mutex_
};

// "SCRAM user or password is wrong ...": what to do about a complaint of a connection; empty if nothing is known.
std::string_view advice(std::string_view complaint) noexcept;

// "kafka: no answer from B: is the broker up?", or what to do instead, with the reason where one is known.
std::string no_answer(std::string_view brokers, const Trouble& trouble);

// "kafka: topic T: not authorized: grant this client's user Write on it". `kind` is "topic", "transactional id" or
// "group", `operations` are Kafka's names, such as "Write and Describe".
std::string not_authorized(std::string_view kind, std::string_view name, std::string_view operations);

}  // namespace millrace::publish

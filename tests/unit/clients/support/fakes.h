#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "clients/cpp/src/dead_letters.h"
#include "clients/cpp/src/source.h"

namespace millrace::test {

// Hands over what the test put in, all of it at the next poll.
class FakeSource final : public client::RecordSource {
 public:
  using Item = std::function<void(client::SourceSink&)>;

  void open() override {}
  void poll(std::chrono::milliseconds wait, client::SourceSink& sink) override;
  bool commit(const client::Offsets& offsets, bool wait) override;
  bool refused() override { return std::exchange(refuse_later, false); }
  // Executions of account "other" are in partition 1, all others in partition 0.
  client::Place execution_place(const std::string& venue, const std::string& account) const override;
  std::optional<std::int64_t> end_of(const client::Place& place) override;
  void hold(bool on) override { held = on; }
  void close() override { closed = true; }

  std::vector<Item> items;
  std::string fatal;  // thrown by the next poll
  std::map<client::Place, std::int64_t> committed;
  bool refuse_now = false;    // commit() answers no
  bool refuse_later = false;  // what it took was refused
  std::map<client::Place, std::int64_t> ends;
  bool answers = true;  // of end_of()
  bool held = false;
  bool closed = false;
};

// Keeps letters; they are safe at the next poll, unless the test holds them.
class FakeLetters final : public client::DeadLetters {
 public:
  void park(client::DeadLetter letter, std::function<void()> done) override;
  void poll() override;
  std::size_t waiting() const override;
  void flush(std::chrono::milliseconds) override { poll(); }

  void hold(bool on);
  // "REASON LISTENER OFFSET" each.
  std::vector<std::string> lines() const;
  std::vector<client::DeadLetter> all() const;

 private:
  mutable std::mutex mutex_;
  std::vector<client::DeadLetter> letters_;
  std::vector<std::function<void()>> unsafe_;
  bool held_ = false;
};

}  // namespace millrace::test

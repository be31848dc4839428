#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ingest/session/session.h"

namespace millrace::ingest::test {

// Settings for a server on loopback, with deadlines that are long against the machine and short against the test.
inline SessionSettings local_settings(const std::string& url, const std::string& ca_file) {
  SessionSettings settings;
  settings.url = url;
  settings.ca_file = ca_file;
  settings.resolve_override = {"127.0.0.1"};
  settings.ladder.first_wait = std::chrono::milliseconds(1);
  settings.ladder.max_wait = std::chrono::milliseconds(5);
  settings.jitter_seed = 1;
  return settings;
}

// A session with an owner that writes down all it is told, and drives the io_context until something has happened.
class Owner final : public SessionListener {
 public:
  struct Change {
    SessionState state;
    Reason reason;
    std::string detail;
    std::int64_t wait_ns;  // retry_at - at, 0 if none
    bool host_limited;
  };

  explicit Owner(SessionSettings settings) : session(context, std::move(settings), *this) { session.start(); }
  // Settings are only complete once the server has its port.
  Owner(const std::string& url, const std::string& ca_file) : Owner(local_settings(url, ca_file)) {}

  void on_state(const StateChange& change) override {
    const std::int64_t wait = change.retry_at == 0 ? 0 : change.retry_at - change.at;
    changes.push_back({change.state, change.reason, std::string(change.detail), wait, change.host_limited});
  }
  void on_open(UnixNanos) override {
    ++opened;
    if (when_open) when_open();
  }
  void on_frame(const normalize::Frame& frame) override {
    frames.emplace_back(frame.text);
    receive_times.push_back(frame.receive_time);
    if (when_frame) when_frame(frame);
  }
  void on_drained() override { ++drained; }
  void on_alive(UnixNanos) override { ++alive; }
  void on_closed(Reason reason, std::string_view, UnixNanos) override { closed.push_back(reason); }

  // Runs until `done` says so; false if that takes longer than any machine needs.
  bool run_until(const std::function<bool()>& done) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!done()) {
      if (std::chrono::steady_clock::now() > give_up) return false;
      context.run_one_until(give_up);
    }
    return true;
  }
  bool run_until_state(SessionState state) {
    return run_until([&] { return !changes.empty() && changes.back().state == state; });
  }
  bool run_until_frames(std::size_t count) {
    return run_until([&] { return frames.size() >= count; });
  }
  // The first change that carries a reason; its reason is kNone if there is none.
  Change first_trouble() const {
    for (const auto& change : changes) {
      if (change.reason != Reason::kNone) return change;
    }
    return {};
  }

  std::vector<Change> changes;
  std::vector<std::string> frames;
  std::vector<UnixNanos> receive_times;
  std::vector<Reason> closed;
  int opened = 0;
  int drained = 0;
  int alive = 0;
  std::function<void()> when_open;
  std::function<void(const normalize::Frame&)> when_frame;

  boost::asio::io_context context;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard =
      boost::asio::make_work_guard(context);
  Session session;  // last: it uses the rest
};

}  // namespace millrace::ingest::test

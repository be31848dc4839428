#include "ingest/worker/link.h"

#include <utility>

namespace millrace::ingest {
namespace {

class SessionLink final : public Link {
 public:
  SessionLink(boost::asio::io_context& context, SessionSettings settings, SessionListener& listener)
      : session_(context, std::move(settings), listener) {}

  void start() override { session_.start(); }
  bool send(std::string text) override { return session_.send(std::move(text)); }
  void reconnect(std::string why) override { session_.reconnect(std::move(why)); }
  void report(Progress progress, std::string detail) override { session_.report(progress, std::move(detail)); }
  void stop() override { session_.stop(); }
  const SessionStats& stats() const noexcept override { return session_.stats(); }

 private:
  Session session_;
};

}  // namespace

LinkFactory session_links(boost::asio::io_context& context) {
  return [&context](SessionSettings settings, SessionListener& listener) {
    return std::make_unique<SessionLink>(context, std::move(settings), listener);
  };
}

}  // namespace millrace::ingest

#pragma once

#include <functional>
#include <memory>
#include <string>

#include "ingest/session/session.h"

namespace millrace::ingest {

// What a Connection needs of a Session, so that tests can stand in for the network. Same contract as Session's methods
// of these names; above all, none of them calls the listener back from within.
class Link {
 public:
  virtual ~Link() = default;

  virtual void start() = 0;
  [[nodiscard]] virtual bool send(std::string text) = 0;
  virtual void reconnect(std::string why) = 0;
  virtual void report(Progress progress, std::string detail) = 0;
  virtual void stop() = 0;
  virtual const SessionStats& stats() const noexcept = 0;
};

using LinkFactory = std::function<std::unique_ptr<Link>(SessionSettings settings, SessionListener& listener)>;

// Links that are Sessions on this context, which outlives them.
LinkFactory session_links(boost::asio::io_context& context);

}  // namespace millrace::ingest

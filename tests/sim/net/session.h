#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "tests/sim/net/client_impl.h"
#include "tests/sim/net/wire.h"
#include "tests/sim/venues/venue.h"

namespace millrace::sim {

// HTTP/1.1 on one connection until it ends or becomes a WebSocket. Runs on the wire's strand; kept alive by its
// operations. The handlers outlive it.
class HttpSession : public std::enable_shared_from_this<HttpSession> {
 public:
  using OnRequest = std::function<void(const HttpRequest&, HttpReply)>;
  // Takes the wire over; false = there is no WebSocket at this path (404).
  using OnUpgrade = std::function<bool(Wire, BeastRequest)>;

  HttpSession(Wire wire, OnRequest on_request, OnUpgrade on_upgrade);
  void start();

 private:
  struct Parser;

  void on_read(boost::system::error_code error);
  void answer(const HttpAnswer& answer);
  void cut_off(const HttpAnswer& answer);

  Wire wire_;
  OnRequest on_request_;
  OnUpgrade on_upgrade_;
  boost::beast::flat_buffer buffer_;
  std::shared_ptr<Parser> parser_;
  bool keep_alive_ = true;
};

}  // namespace millrace::sim

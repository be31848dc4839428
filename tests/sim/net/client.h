#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "tests/sim/faults/injector.h"
#include "tests/sim/net/wire.h"
#include "tests/sim/venues/venue.h"

namespace millrace::sim {

// One WebSocket connection of a client. All calls on the venue's strand. Reads, closing handshake and deflate are
// Beast's; plain messages are framed here and go straight to the wire, so that a message costs one TLS record and no
// allocation.
class Client : public Delivery {
 public:
  // What the connection tells its server; all of them outlive it.
  struct Events {
    std::function<void(ClientId)> on_open;
    std::function<void(ClientId, std::string_view)> on_text;
    std::function<void(ClientId)> on_control_frame;
    std::function<void(ClientId)> on_close;  // the last call
  };
  struct Options {
    bool deflate = false;
    std::size_t max_buffered = 8U << 20U;  // bytes that may wait for a slow reader
  };

  // A frame that a message fault never touches, made once by framed(): for flow at full speed.
  virtual void send_framed(std::string_view frame) = 0;
  // A message of the venue, through the faults.
  virtual void send(std::string_view text, const Tag& tag) = 0;
  // A binary message; no fault of messages touches it, and it is never compressed.
  virtual void send_binary(std::string_view bytes) = 0;
  virtual void close(std::uint16_t code, std::string_view reason) = 0;
  virtual void ping() = 0;
  // Ends at once, with RST.
  virtual void reset() = 0;
  // Bytes that wait for the reader.
  virtual std::size_t buffered() const noexcept = 0;

  // Bookkeeping of the server.
  std::int64_t opened_ns = 0;
  std::int64_t pinged_ns = 0;
  std::int64_t ponged_ns = 0;
  std::int64_t blocked_since_ns = 0;
  bool warned = false;
  bool put_out = false;
};

// One unfragmented text frame as a server sends it.
void append_frame(std::string& out, std::string_view text);

}  // namespace millrace::sim

#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "replay/history/writer.h"

namespace millrace::history {

// A WebSocket server on 127.0.0.1: each record is one text frame with its JSON to each client that is there. Nothing is
// left out: the slowest client sets the pace, but one that takes nothing for a minute is closed and is a problem
// ("slow_client"). A client that comes later gets what is replayed from then on; what clients send is ignored. When the
// last one has gone the replay ends. Its sockets live on a thread of its own.
class WebSocketWriter : public Writer {
 public:
  virtual std::uint16_t port() const = 0;
  // Blocks until the first client is there; false if `stop` says so first (asked ten times a second).
  virtual bool wait_for_client(const std::function<bool()>& stop) = 0;
};

// `port` 0: one that is free. `stop` is asked while a client holds the replay up. Throws std::runtime_error if the port
// is taken. `problems` must outlive it, and is used on the caller's thread alone.
std::unique_ptr<WebSocketWriter> make_websocket_writer(std::uint16_t port, Problems& problems,
                                                       std::function<bool()> stop);

}  // namespace millrace::history

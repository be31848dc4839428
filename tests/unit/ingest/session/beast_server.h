#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "tests/unit/ingest/session/certificates.h"

namespace millrace::ingest::test {

struct ServerOptions {
  const Certificates* certificates = nullptr;  // null: plain ws://
  bool tls11_only = false;
  bool deflate = false;
  bool no_context_takeover = false;
  int window_bits = 15;
};

// One accepted TCP connection in a script; calls block, on the server's thread. Each throws when the client is gone,
// which ends the script quietly.
class Peer {
 public:
  virtual ~Peer() = default;

  virtual void accept() = 0;                           // TLS and the WebSocket upgrade
  virtual std::string read_request() = 0;              // TLS, then the HTTP request as text
  virtual void write_raw(std::string_view bytes) = 0;  // below WebSocket, above TLS
  virtual void send(std::string_view text) = 0;        // one message
  virtual void send_fragments(std::string_view text, std::size_t each) = 0;
  virtual void ping(std::string_view data) = 0;
  virtual std::string read() = 0;       // the next message of the client; answers pings
  virtual void close(int code) = 0;     // and wait for the client's answer
  virtual void reset() = 0;             // RST
  virtual void wait_for_end() = 0;      // read until the client is gone
  virtual int client_close_code() = 0;  // after wait_for_end; 1006 if none was sent
  virtual bool resumed() = 0;
};

// A small WebSocket server on an ephemeral loopback port, made of Beast's own implementation. Each connection runs the
// script, with its number from 0, one after another on one thread.
class BeastServer {
 public:
  using Script = std::function<void(Peer&, int number)>;

  BeastServer(const ServerOptions& options, Script script);
  ~BeastServer();  // breaks off what is under way
  BeastServer(const BeastServer&) = delete;
  BeastServer& operator=(const BeastServer&) = delete;

  std::uint16_t port() const;
  std::string url(const std::string& host, const std::string& target = "/") const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace::ingest::test

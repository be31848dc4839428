#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace millrace::ingest::test {

// One scripted answer. Without text: the connection is cut instead.
struct Scripted {
  int status = 200;
  std::string body = "{}";
  std::vector<std::pair<std::string, std::string>> headers;
  bool cut = false;     // close after reading the request
  bool silent = false;  // never answer
  bool keep_alive = true;
};

// An HTTPS server on loopback with a certificate of its own for 127.0.0.1, on the test's io_context. Answers requests
// in order from `script`; with an empty script, 200 and "{}".
class TlsServer {
 public:
  explicit TlsServer(boost::asio::io_context& context);
  ~TlsServer();

  std::uint16_t port() const;
  // The file of its CA, removed with the server.
  std::string ca_file() const;

  std::deque<Scripted> script;
  std::vector<std::string> targets;  // as they came
  int connections = 0;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace millrace::ingest::test

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace millrace::publish {

// What the endpoint answers with. Each runs on the server's thread and may block it; one that throws gives a 500 with
// its words. Must stay callable until the server has ended.
struct HttpHandlers {
  std::function<std::string()> metrics;  // the body of /metrics
  // Empty: ready. Else why not, one line, which becomes the body of /readyz.
  std::function<std::string()> not_ready;
};

// Limits that keep a hostile or broken client from costing more than itself.
struct HttpLimits {
  std::size_t connections = 64;                   // one more is closed at once
  std::uint32_t header_bytes = 8 * 1024;          // 431 beyond
  std::size_t target_bytes = 1024;                // 414 beyond
  std::chrono::milliseconds read_timeout{5'000};  // for a whole request, and between two
  std::chrono::milliseconds write_timeout{10'000};
};

// A small HTTP/1.1 server for GET and HEAD of /metrics, /livez and /readyz, on a thread of its own. Plain text, no TLS,
// no authentication: bind it to loopback or a private address. /livez says that the process runs, /readyz that it does
// its work.
class HttpServer {
 public:
  // `port` 0 takes a free one. Throws std::runtime_error if the address is no IP address or cannot be bound. Serves
  // from here on: the handlers may be called before the constructor returns.
  HttpServer(const std::string& address, std::uint16_t port, HttpHandlers handlers, HttpLimits limits = {});
  ~HttpServer();  // closes all connections and ends the thread
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const noexcept;
  // Answers so far with this status; any thread. Connections turned away count as 503.
  std::uint64_t answers(unsigned status) const noexcept;
  // The statuses that answers() counts.
  static constexpr unsigned kStatuses[] = {200, 400, 404, 405, 413, 414, 431, 500, 503};

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace::publish

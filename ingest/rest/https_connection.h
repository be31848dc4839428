#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/auth/secret.h"
#include "ingest/config/address.h"
#include "ingest/rest/retry.h"

namespace boost::asio {
class io_context;
namespace ssl {
class context;
}
}  // namespace boost::asio

namespace millrace::ingest {

// Where to and for how long. The body limit is on what is held in memory; a longer answer is an error.
struct HttpsOptions {
  Address address;
  std::chrono::milliseconds connect{5'000};    // TCP
  std::chrono::milliseconds handshake{5'000};  // TLS
  std::chrono::milliseconds request{10'000};   // from the first byte sent to the last received
  std::size_t body_limit = 64u << 20;
};

// A request with more than a target. What is in it is wiped when it has been sent, as headers, target and body may let
// their holder in.
struct HttpRequest {
  std::string_view method = "GET";  // a literal
  Secret target;                    // path and query
  Secret body;
  std::string_view content_type = {};  // a literal; empty = no body
  std::vector<SecretHeader> headers;
  std::string page_header;  // whose value is wanted, such as "CB-AFTER"
};

// What came back. `body` has kFramePadding readable bytes behind it.
struct HttpAnswer {
  HttpEnd end;
  std::string body;
  std::optional<std::int64_t> used_weight;  // of the host's present minute, where it tells
  std::string page;                         // of HttpRequest::page_header, empty if not sent
  std::string error;                        // in words, if end.status is 0: the step and what went wrong
};

// One HTTPS connection to one host, kept open between requests: opened by the first request, anew when the host has
// closed it. One request at a time. All calls and the callback on the io_context's one thread. It lives as long as
// someone holds it or a request is under way.
class HttpsConnection {
 public:
  using Done = std::function<void(HttpAnswer)>;

  virtual ~HttpsConnection() = default;

  // `target` is the path and query. `done` is called once, never from within the call, and not after close(). No second
  // request before that.
  virtual void get(std::string target, Done done) = 0;
  // The same for any request. One that found a kept connection closed is sent once more on a new one: only for what
  // may be repeated.
  virtual void send(HttpRequest request, Done done) = 0;
  // Ends what is under way; its callback is forgotten. The connection cannot be used again.
  virtual void close() = 0;
};

// `tls` verifies by itself (see tls_client_context). The io_context outlives the connection. Nothing is opened before
// the first request.
std::shared_ptr<HttpsConnection> make_https_connection(boost::asio::io_context& context,
                                                       std::shared_ptr<boost::asio::ssl::context> tls,
                                                       HttpsOptions options);

// TLS 1.2 and up, verified against `ca_file`, or the system's authorities if it is empty. Throws at start-up if the
// file is no PEM. To be shared by the connections of a client, as reading the authorities is dear.
std::shared_ptr<boost::asio::ssl::context> tls_client_context(const std::string& ca_file);

}  // namespace millrace::ingest

#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "ingest/session/inflater.h"
#include "ingest/session/session_settings.h"
#include "ingest/session/url.h"

namespace millrace::ingest {

// The HTTP half of opening a WebSocket (RFC 6455, 4.1): makes the request, reads the answer. Pure: bytes in, verdict
// out. One object per attempt. Anything but a 101 with the right accept value is no connection; redirects are not
// followed, since a venue's address is the configuration's to say.
class Upgrade {
 public:
  // kRefused: a valid HTTP answer other than 101; status() says which. kInvalid: no such answer, or a 101 that breaks a
  // rule.
  enum class Verdict : std::uint8_t { kNeedMore, kAccepted, kRefused, kInvalid };

  // `nonce`: 16 random bytes.
  Upgrade(const WsUrl& url, const SessionSettings& settings, std::string_view nonce);
  ~Upgrade();

  const std::string& request() const noexcept { return request_; }

  // Reads what came so far; `used` is how much of it belongs to the answer. What follows are frames. Call it with all
  // unread bytes each time more have come, and not again after a verdict.
  Verdict feed(std::string_view bytes, std::size_t& used);

  // After the verdict.
  int status() const noexcept { return status_; }
  // 0 = not said; at most 3 days.
  Nanos retry_after() const noexcept { return retry_after_; }
  const DeflateOptions& deflate() const noexcept { return deflate_; }
  // What was wrong, for people.
  const std::string& detail() const noexcept { return detail_; }

 private:
  struct Parser;

  Verdict judge();
  Verdict invalid(std::string what);
  bool read_extensions(std::string_view header);

  std::string request_;
  std::string expected_accept_;
  bool offered_deflate_;
  std::unique_ptr<Parser> parser_;
  int status_ = 0;
  Nanos retry_after_{0};
  DeflateOptions deflate_;
  std::string detail_;
};

// The value of Sec-WebSocket-Accept for a Sec-WebSocket-Key.
std::string websocket_accept(std::string_view key);

// Reads a Retry-After header in seconds or as an HTTP date; `now` in seconds since 1970. 0 if absent or unreadable.
Nanos parse_retry_after(std::string_view value, std::int64_t now);

}  // namespace millrace::ingest

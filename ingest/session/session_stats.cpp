#include "ingest/session/session_stats.h"

namespace millrace::ingest {

std::string_view name(Reason reason) noexcept {
  static constexpr std::array<std::string_view, kReasonCount> kNames = {
      "none",    "resolve",      "connect", "tls",         "untrusted", "upgrade", "redirected", "unauthorized",
      "limited", "server_error", "closed",  "restart",     "eof",       "reset",   "half_open",  "silent",
      "no_data", "protocol",     "too_big", "maintenance", "requested", "budget",  "stopped"};
  return kNames[static_cast<std::size_t>(reason)];
}

}  // namespace millrace::ingest

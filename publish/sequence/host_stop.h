#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "publish/sequence/record_sink.h"
#include "schemas/events/meta.h"
#include "schemas/events/ops.h"

namespace millrace::publish {

// A REST host wants quiet (HTTP 429 and 418, close code 1008), as the process that it told tells all others: nobody
// asks it anything before `until` (design section 6). In the status topic of the venue, as a record of dataset `rest`
// under the key "rest/HOST": HALTED, reason `host_limited`, connection the host, detail the moment in RFC 3339.
struct HostStop {
  std::string venue;
  std::string host;  // as in a Host header: "api.kraken.com", "127.0.0.1:8443"
  schemas::UnixNanos until = 0;
  std::string worker;  // of the process that was told
};

// A stop for longer is cut to this: Binance bans for three days at most (its sheet, section 3), and a process with a
// wrong clock must not silence the others for ever.
inline constexpr std::int64_t kLongestHostStop = std::int64_t{3} * 86'400 * 1'000'000'000;

// Puts its record into the lane of whom the host told: LIVE under the epoch of a worker, REPLAY under the instance of a
// sidecar.
void put_host_stop(RecordSink& lane, const HostStop& stop, std::int64_t epoch, schemas::Origin origin,
                   schemas::UnixNanos now);
std::string host_stop_key(std::string_view host);
std::string encode_host_stop(const HostStop& stop, std::int64_t epoch, schemas::Origin origin, schemas::UnixNanos now);
// Empty: a status of something else, a moment that cannot be read, or one that is over at `now`.
std::optional<HostStop> read_host_stop(const schemas::Meta& meta, const schemas::StreamStatus& status,
                                       schemas::UnixNanos now);

}  // namespace millrace::publish

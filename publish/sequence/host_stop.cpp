#include "publish/sequence/host_stop.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "normalize/time/rfc3339.h"
#include "schemas/codec/encode.h"
#include "schemas/events/time.h"

namespace millrace::publish {
namespace {

using schemas::UnixNanos;

constexpr std::string_view kDataset = "rest";
constexpr std::string_view kReason = "host_limited";

std::string rfc3339(UnixNanos time) {
  const std::tm utc = fmt::gmtime(static_cast<std::time_t>(time / kSecond));
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:09}Z", utc, time % kSecond);
}

}  // namespace

void put_host_stop(RecordSink& lane, const HostStop& stop, std::int64_t epoch, schemas::Origin origin, UnixNanos now) {
  lane.put("ops." + stop.venue + ".status.v1", host_stop_key(stop.host), encode_host_stop(stop, epoch, origin, now),
           schemas::MessageType::kStreamStatus);
}

std::string host_stop_key(std::string_view host) { return fmt::format("{}/{}", kDataset, host); }

std::string encode_host_stop(const HostStop& stop, std::int64_t epoch, schemas::Origin origin, UnixNanos now) {
  const auto identity = schemas::make_stream_identity(stop.venue, "", "");
  schemas::Meta meta;
  meta.stream = &identity;
  meta.epoch = epoch;
  meta.receive_time = now;
  meta.publish_time = now;
  meta.origin = origin;
  schemas::StreamStatus status;
  status.dataset = kDataset;
  status.state = schemas::StreamState::kHalted;
  status.reason = kReason;
  status.detail = rfc3339(std::min(stop.until, now + kLongestHostStop));
  status.connection = stop.host;
  status.worker = stop.worker;
  std::string bytes;
  encode(meta, status, bytes);
  return bytes;
}

std::optional<HostStop> read_host_stop(const schemas::Meta& meta, const schemas::StreamStatus& status, UnixNanos now) {
  if (status.dataset != kDataset || status.reason != kReason) return std::nullopt;
  const auto until = normalize::parse_rfc3339(status.detail);
  if (!until || *until <= now) return std::nullopt;
  return HostStop{meta.stream->venue, status.connection, std::min(*until, now + kLongestHostStop), status.worker};
}

}  // namespace millrace::publish

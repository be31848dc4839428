#include "publish/sequence/ops_records.h"

#include <utility>

#include "schemas/codec/encode.h"
#include "schemas/events/time.h"

namespace millrace::publish {
namespace {

// More than a beat or mark can take besides its strings: each of its numbers has at most 10 bytes and a tag.
constexpr std::size_t kBeatBytes = 80;
constexpr std::size_t kMarkBytes = 48;

std::size_t bytes_of(const schemas::StreamBeat& beat) {
  std::size_t bytes = kBeatBytes + beat.symbol.size() + beat.instrument.size();
  for (const schemas::GapMark& mark : beat.gap) bytes += kMarkBytes + mark.reason.size();
  return bytes;
}

}  // namespace

std::string stream_key(const Stream& stream) {
  const auto& identity = stream.identity;
  return std::string{normalize::name(stream.key.dataset)} + "/" +
         (identity.account.empty() ? identity.instrument : identity.account);
}

OpsRecords::OpsRecords(std::string venue, std::string worker, std::int32_t thread, RecordSink& sink,
                       SequenceCounters& counters)
    : sink_{sink},
      counters_{counters},
      worker_{std::move(worker)},
      venue_identity_{schemas::make_stream_identity(venue, "", "")},
      status_topic_{"ops." + venue + ".status.v1"},
      gap_topic_{"ops." + venue + ".gap.v1"},
      quarantine_topic_{"ops." + venue + ".quarantine.v1"},
      heartbeat_topic_{"ops." + venue + ".heartbeat.v1"},
      thread_key_{worker_ + '/' + std::to_string(thread)} {
  heartbeat_.venue = std::move(venue);
  heartbeat_.worker = worker_;
  heartbeat_.thread = thread;
}

// No publish time: nobody measures the latency of these.
schemas::Meta OpsRecords::meta_of(const schemas::StreamIdentity& identity, std::int64_t epoch, std::int64_t seq,
                                  UnixNanos time) {
  schemas::Meta meta;
  meta.stream = &identity;
  meta.epoch = epoch;
  meta.seq = seq;
  meta.receive_time = time;
  meta.origin = schemas::Origin::kLive;
  return meta;
}

// Refused: the rings are full or the topic is not warm. What these records say can be read from the metrics meanwhile,
// so they are counted and not kept.
void OpsRecords::put(std::string_view topic, std::string_view key, schemas::MessageType type) {
  if (!sink_.put(topic, key, bytes_, type)) counters_.ops_refused.add();
}

void OpsRecords::status(const Stream& stream, std::int64_t epoch, UnixNanos time, const schemas::StreamStatus& body) {
  bytes_.clear();
  encode(meta_of(stream.identity, epoch, stream.seq, time), body, bytes_);
  put(status_topic_, stream_key(stream), schemas::MessageType::kStreamStatus);
}

void OpsRecords::gap(const Stream& stream, std::int64_t epoch, UnixNanos time, const schemas::Gap& body) {
  bytes_.clear();
  encode(meta_of(stream.identity, epoch, stream.seq, time), body, bytes_);
  put(gap_topic_, stream_key(stream), schemas::MessageType::kGap);
}

// A venue that changes a field would otherwise fill the topic with thousands of equal frames a second; the first few
// say it all, and the counter says how many there were.
bool OpsRecords::take_sample(normalize::Errc code, UnixNanos time, std::int64_t& suppressed) {
  Sampling& sampling = sampling_[static_cast<std::size_t>(code) % sampling_.size()];
  if (sampling.window == kNever || time - sampling.window >= kMinute) {
    sampling.window = time;
    sampling.kept = 0;
  }
  if (sampling.kept == kSamples) {
    ++sampling.suppressed;
    return false;
  }
  ++sampling.kept;
  suppressed = std::exchange(sampling.suppressed, 0);
  return true;
}

// The beginning of the frame is kept as bytes, not as text: what could not be decoded may not be text at all.
void OpsRecords::quarantine(std::string_view connection, std::int64_t epoch, UnixNanos time,
                            const normalize::Error& error, std::string_view frame) {
  schemas::Quarantine body;
  if (!take_sample(error.code, time, body.suppressed)) return;
  body.connection = connection;
  body.error = name(error.code);
  body.where = error.where;
  body.frame = frame.substr(0, kFrameBytes);
  body.frame_bytes = static_cast<std::int64_t>(frame.size());
  bytes_.clear();
  encode(meta_of(venue_identity_, epoch, 0, time), body, bytes_);
  put(quarantine_topic_, connection, schemas::MessageType::kQuarantine);
}

void OpsRecords::begin_heartbeat(std::string_view dataset, UnixNanos time) {
  heartbeat_.dataset = dataset;
  heartbeat_.time = time;
  heartbeat_.streams.clear();
  heartbeat_bytes_ = kBeatBytes + heartbeat_.venue.size() + dataset.size() + worker_.size();
}

void OpsRecords::beat(schemas::StreamBeat beat) {
  const std::size_t bytes = bytes_of(beat);
  if (heartbeat_bytes_ + bytes > kHeartbeatBytes) {
    end_heartbeat();
    begin_heartbeat(std::string{heartbeat_.dataset}, heartbeat_.time);
  }
  heartbeat_.streams.push_back(std::move(beat));
  heartbeat_bytes_ += bytes;
}

void OpsRecords::end_heartbeat() {
  if (heartbeat_.streams.empty()) return;
  bytes_.clear();
  encode(heartbeat_, bytes_);
  put(heartbeat_topic_, thread_key_, schemas::MessageType::kHeartbeat);
  heartbeat_.streams.clear();
}

}  // namespace millrace::publish

#include "cli/normalize/capture_run.h"

#include <utility>

namespace millrace::cli {
namespace {

using ingest::CaptureLine;
using ingest::Direction;
using ingest::Via;

// "GET /depth?symbol=X" -> "/depth?symbol=X".
std::string_view target_of(const CaptureLine& line) {
  if (!line.request) return {};
  const std::string_view request = *line.request;
  const std::size_t space = request.find(' ');
  return space == request.npos ? request : request.substr(space + 1);
}

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

}  // namespace

CaptureRun::CaptureRun(normalize::Venue& venue, normalize::EventSink& sink, OnError on_error)
    : venue_{venue}, sink_{sink}, on_error_{std::move(on_error)} {}

void CaptureRun::feed(const CaptureLine& line) {
  if (line.direction == Direction::kOut) return;
  if (line.direction == Direction::kControl) return on_control(line);
  line.via == Via::kRest ? on_answer(line) : on_frame(line);
}

// Lines are padded here and not by the reader: only frames need it.
std::string_view CaptureRun::padded(std::string_view payload) {
  buffer_.assign(payload);
  buffer_.append(normalize::kFramePadding, '\0');
  return std::string_view{buffer_}.substr(0, payload.size());
}

CaptureRun::Connection& CaptureRun::connection_of(const std::string& name) {
  const auto number = static_cast<std::uint32_t>(connections_.size());
  return connections_.try_emplace(name, Connection{number, nullptr}).first->second;
}

normalize::VenueAdapter& CaptureRun::open(Connection& connection, schemas::UnixNanos time) {
  if (!connection.adapter) {
    connection.adapter = venue_.connect();
    dropped_.clear();
    connection.adapter->on_open({}, time, sink_, dropped_);
  }
  return *connection.adapter;
}

void CaptureRun::report(const normalize::Result<void>& result) {
  if (result.has_error()) on_error_(result.error());
}

void CaptureRun::on_frame(const CaptureLine& line) {
  Connection& connection = connection_of(line.connection);
  normalize::VenueAdapter& adapter = open(connection, line.time);
  sink_.begin_frame(connection.number, line.time);
  dropped_.clear();
  report(adapter.on_frame({padded(line.payload), line.time, line.binary}, sink_, dropped_));
}

bool CaptureRun::is_reference(std::string_view target) const {
  for (const normalize::RestRequest& request : venue_.reference_requests()) {
    if (path_of(request.target) == path_of(target)) return true;
  }
  return false;
}

// Recordings do not say which connection asked. Books belong to the venue, so any adapter may read the answer.
normalize::VenueAdapter& CaptureRun::rest_adapter(const CaptureLine& line) {
  for (auto& [name, connection] : connections_) {
    if (connection.adapter && name != line.connection) return *connection.adapter;
  }
  return open(connection_of(line.connection), line.time);
}

// Reference data goes to the venue, everything else to an adapter, as the worker does it live.
void CaptureRun::on_answer(const CaptureLine& line) {
  const std::string_view target = target_of(line);
  sink_.begin_frame(connection_of(line.connection).number, line.time);
  const normalize::RestAnswer answer{target, padded(line.payload), line.status.value_or(0), line.time};
  if (is_reference(target)) return report(venue_.on_reference(answer, sink_));
  normalize::VenueAdapter& adapter = rest_adapter(line);
  dropped_.clear();
  report(adapter.on_rest(answer, sink_, dropped_));
}

void CaptureRun::end() {
  for (auto& [name, connection] : connections_) {
    if (connection.adapter) connection.adapter->on_close(0, sink_);
  }
  connections_.clear();
}

// An "open" without a "close" before it comes from a recorder that was killed: the old connection is ended first.
void CaptureRun::on_control(const CaptureLine& line) {
  const bool opened = line.payload == "open";
  const bool closed = line.payload == "close" || line.payload.starts_with("close ");
  if (line.via != Via::kWebSocket || (!opened && !closed)) return;  // what else is said there shows in the frames
  Connection& connection = connection_of(line.connection);
  if (connection.adapter) {
    connection.adapter->on_close(line.time, sink_);
    connection.adapter.reset();
  }
  if (opened) open(connection, line.time);
}

void CaptureRun::load_instruments(std::string_view body) {
  const auto requests = venue_.reference_requests();
  const std::string target = requests.empty() ? std::string{} : requests.front().target;
  sink_.begin_frame(connection_of("rest").number, 0);
  report(venue_.on_reference({target, padded(body), 200, 0}, sink_));
}

}  // namespace millrace::cli

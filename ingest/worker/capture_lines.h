#pragma once

#include <string>

#include "ingest/record/capture_line.h"
#include "normalize/venue_adapter.h"

namespace millrace::ingest {

// An answer to a GET as a line of a recording, so that `normalize` finds the snapshots and reference data in it. The
// request is written with its method, as recorders of others do. Copies the body: megabytes for reference data.
inline CaptureLine rest_line(const std::string& connection, const normalize::RestAnswer& answer) {
  CaptureLine line;
  line.time = answer.receive_time;
  line.via = Via::kRest;
  line.connection = connection;
  line.request = "GET " + std::string(answer.target);
  line.status = answer.status;
  line.payload = answer.body;
  return line;
}

}  // namespace millrace::ingest

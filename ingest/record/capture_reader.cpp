#include "ingest/record/capture_reader.h"

#include <utility>

namespace millrace::ingest {

CaptureReader::CaptureReader(const std::string& path, std::size_t max_line_bytes) : source_{path, max_line_bytes} {}

CaptureReader::Status CaptureReader::bad(std::string problem) {
  problem_ = std::move(problem);
  return Status::kBad;
}

CaptureReader::Status CaptureReader::next(CaptureLine& line) {
  std::string_view text;
  while (!ended_) {
    const LineSource::Status got = source_.next(text);
    if (got == LineSource::Status::kEnd) break;
    ++number_;
    if (got == LineSource::Status::kTooLong) return bad("line too long");
    ended_ = got == LineSource::Status::kBroken;
    if (ended_) return bad(source_.problem());
    if (text.empty()) continue;
    const std::string_view problem = parser_.parse(text, line);
    if (problem.empty()) return Status::kLine;
    // A recorder that was killed leaves half a line behind.
    return bad(got == LineSource::Status::kTorn ? "torn last line: " + std::string{problem} : std::string{problem});
  }
  return Status::kEnd;
}

}  // namespace millrace::ingest

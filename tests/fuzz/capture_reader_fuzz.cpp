#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "ingest/record/capture_reader.h"
#include "tests/fuzz/encoding.h"

// Any bytes as a capture file, plain or zstd. A line that reads is written and read again as the same line.
namespace {

using millrace::ingest::CaptureLine;
using millrace::ingest::CaptureLineParser;
using millrace::ingest::CaptureReader;
using millrace::test::require;

constexpr std::size_t kMaxLineBytes = 1 << 16;

void check_round_trip(const CaptureLine& line) {
  static CaptureLineParser parser;
  std::string text;
  append_line(line, text);
  require(text.ends_with('\n') && text.find('\n') == text.size() - 1);
  text.pop_back();
  CaptureLine again;
  require(parser.parse(text, again).empty());
  require(again.payload == line.payload && again.time == line.time && again.status == line.status);
}

void read_all(const std::string& path) {
  CaptureReader reader(path, kMaxLineBytes);
  CaptureLine line;
  for (;;) {
    const auto status = reader.next(line);
    if (status == CaptureReader::Status::kEnd) return;
    if (status == CaptureReader::Status::kLine) check_round_trip(line);
    if (status == CaptureReader::Status::kBad) require(!reader.problem().empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // A file in memory: the disk would be the slowest part.
  static const int file = memfd_create("capture", 0);
  require(file >= 0 && ftruncate(file, 0) == 0);
  require(pwrite(file, data, size, 0) == static_cast<ssize_t>(size));
  read_all("/proc/self/fd/" + std::to_string(file));
  return 0;
}

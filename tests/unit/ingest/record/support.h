#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/record/capture_reader.h"

namespace millrace::ingest::test {

// A folder that goes with the test.
class TempFolder {
 public:
  TempFolder() {
    std::string pattern = testing::TempDir() + "millrace-XXXXXX";
    path_ = ::mkdtemp(pattern.data());
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  std::string operator/(std::string_view name) const { return path_ + '/' + std::string{name}; }
  const std::string& path() const noexcept { return path_; }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator{path_}) names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }

 private:
  std::string path_;
};

inline std::string slurp(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

inline std::string spill(const std::string& path, std::string_view bytes) {
  std::ofstream{path, std::ios::binary} << bytes;
  return path;
}

// All good lines written again, all bad ones as "NUMBER: PROBLEM".
struct Reread {
  std::string bytes;
  std::vector<std::string> problems;
};
inline Reread reread(const std::string& path, std::size_t max_line_bytes = CaptureReader::kMaxLineBytes) {
  Reread result;
  CaptureReader reader{path, max_line_bytes};
  CaptureLine line;
  for (;;) {
    const auto status = reader.next(line);
    if (status == CaptureReader::Status::kEnd) return result;
    if (status == CaptureReader::Status::kLine) {
      append_line(line, result.bytes);
    } else {
      result.problems.push_back(std::to_string(reader.number()) + ": " + reader.problem());
    }
  }
}

}  // namespace millrace::ingest::test

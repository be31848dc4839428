#include "publish/journal/journal_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <stdexcept>
#include <utility>

namespace millrace::publish {
namespace {

namespace fs = std::filesystem;

std::int64_t size_of(const SegmentName& name) {
  std::error_code gone;
  const auto size = fs::file_size(name.path, gone);
  return gone ? 0 : static_cast<std::int64_t>(size);
}

}  // namespace

std::vector<std::string> journal_folders(const std::string& dir) {
  std::set<std::string> folders;
  std::error_code failed;
  for (auto at = fs::recursive_directory_iterator(dir, failed); !failed && at != fs::recursive_directory_iterator();
       at.increment(failed)) {
    if (parse_segment_name(at->path().string())) folders.insert(at->path().parent_path().string());
  }
  if (failed) throw std::runtime_error(fmt::format("journal {}: {}", dir, failed.message()));
  return {folders.begin(), folders.end()};
}

JournalReader::JournalReader(std::string folder, TimeRange range) : folder_(std::move(folder)) {
  for (SegmentName& name : list_segments(folder_)) {
    if (name.closed && (name.last_ns < range.from || name.first_ns >= range.to)) continue;
    total_ += size_of(name);
    names_.push_back(std::move(name));
  }
  earliest_.assign(names_.size() + 1, std::numeric_limits<std::int64_t>::max());
  for (std::size_t i = names_.size(); i > 0; --i) {
    const SegmentName& name = names_[i - 1];
    const std::int64_t first = name.closed ? name.first_ns : std::numeric_limits<std::int64_t>::min();
    earliest_[i - 1] = std::min(earliest_[i], first);
  }
}

std::int64_t JournalReader::nothing_before() const noexcept { return earliest_[reader_ ? next_ - 1 : next_]; }

bool JournalReader::next(JournalRecord& record) {
  while (reader_ || open_next()) {
    if (reader_->next(record)) return true;
    end_segment();
  }
  return false;
}

// A segment may have been closed or compressed since it was listed: then the folder says its name of now.
SegmentName JournalReader::name_of_now(std::int64_t number) const {
  const auto now = list_segments(folder_);
  const auto found = std::ranges::find(now, number, &SegmentName::number);
  if (found == now.end()) throw std::runtime_error("it was removed while the journal was read");
  return *found;
}

bool JournalReader::open_next() {
  while (next_ < names_.size()) {
    const SegmentName& wanted = names_[next_++];
    try {
      reader_ = std::make_unique<SegmentReader>(fs::exists(wanted.path) ? wanted : name_of_now(wanted.number));
      return true;
    } catch (const std::exception& error) {
      problems_.push_back(fmt::format("journal segment {}: {}", wanted.path, error.what()));
    }
  }
  return false;
}

void JournalReader::end_segment() {
  if (!reader_->problem().empty()) problems_.push_back(reader_->problem());
  done_ += reader_->bytes_read();
  reader_.reset();
}

std::int64_t JournalReader::bytes_read() const noexcept { return done_ + (reader_ ? reader_->bytes_read() : 0); }

}  // namespace millrace::publish

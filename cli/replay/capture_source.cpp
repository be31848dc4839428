#include "cli/replay/capture_source.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <utility>

#include "cli/normalize/capture_run.h"
#include "cli/normalize/venue_choice.h"
#include "ingest/record/capture_reader.h"
#include "publish/kafka/topic_names.h"
#include "publish/sequence/sequencer.h"

namespace millrace::cli {
namespace {

// Keeps the records that one line of a recording became until they are taken.
class Shelf final : public publish::RecordSink {
 public:
  publish::StreamSlot open(const publish::StreamSpec& spec) override {
    streams_.push_back({publish::market_topic(spec.identity->venue, spec.dataset), spec.identity->instrument});
    return publish::StreamSlot{static_cast<std::uint32_t>(streams_.size() - 1)};
  }

  std::span<std::byte> reserve(publish::StreamSlot, std::size_t bound) override {
    if (bytes_.size() < used_ + bound) bytes_.resize(std::max(2 * bytes_.size(), used_ + bound));
    return std::span{bytes_}.subspan(used_);
  }

  void commit(publish::StreamSlot stream, std::size_t length, std::int64_t) override {
    records_.push_back({static_cast<std::size_t>(stream), used_, length});
    used_ += length;
  }

  // Status, gaps and quarantine are no history.
  bool put(std::string_view, std::string_view, std::string_view, schemas::MessageType) override { return true; }

  // The oldest one; false if all are taken: then the shelf is empty. Valid until more are put there.
  bool take(history::SourceRecord& out) {
    if (taken_ == records_.size()) {
      records_.clear();
      taken_ = used_ = 0;
      return false;
    }
    const Place& place = records_[taken_++];
    out.topic = streams_[place.stream].topic;
    out.key = streams_[place.stream].instrument;
    out.bytes = {reinterpret_cast<const char*>(bytes_.data()) + place.begin, place.size};
    return true;
  }

 private:
  struct Stream {
    std::string topic, instrument;
  };
  struct Place {
    std::size_t stream, begin, size;
  };
  std::vector<Stream> streams_;
  std::vector<Place> records_;
  std::size_t taken_ = 0;
  std::vector<std::byte> bytes_ = std::vector<std::byte>(64 * 1024);
  std::size_t used_ = 0;
};

std::int64_t size_of(const std::string& path) {
  std::error_code ignored;
  const auto size = std::filesystem::file_size(path, ignored);
  return ignored ? 0 : static_cast<std::int64_t>(size);
}

std::string read_file(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) throw std::runtime_error{path + ": " + std::strerror(errno)};
  return {std::istreambuf_iterator<char>{file}, {}};
}

// The files of one venue, one after the other.
class CaptureSource final : public history::Source {
 public:
  CaptureSource(std::unique_ptr<normalize::Venue> venue, std::vector<std::string> files, const std::string& instruments,
                history::Problems& problems)
      : venue_{std::move(venue)},
        files_{std::move(files)},
        problems_{problems},
        sequencer_{std::string{venue_->venue_name()}, venue_->capabilities(), venue_->instruments(), shelf_, {}},
        run_{*venue_, sequencer_, [this](const normalize::Error& error) { complain(error); }} {
    for (const std::string& file : files_) total_ += size_of(file);
    if (!instruments.empty()) run_.load_instruments(read_file(instruments));
    open_next();  // a file that is not there is told at once
  }

  bool next(history::SourceRecord& out) override {
    while (!shelf_.take(out)) {
      if (!play_line()) return false;
    }
    return true;
  }

  Progress progress() const override { return {done_ + (reader_ ? reader_->bytes_read() : 0), total_}; }

 private:
  void open_next() {
    if (reader_) done_ += size_of(files_[next_ - 1]);
    reader_.reset();
    if (next_ < files_.size()) reader_ = std::make_unique<ingest::CaptureReader>(files_[next_++]);
  }

  // False: everything is played.
  bool play_line() {
    if (!reader_) return false;
    switch (reader_->next(line_)) {
      case ingest::CaptureReader::Status::kEnd:
        open_next();
        break;
      case ingest::CaptureReader::Status::kBad:
        complain(reader_->problem());
        break;
      case ingest::CaptureReader::Status::kLine:
        run_.feed(line_);
        break;
    }
    return true;
  }

  void complain(std::string_view what) {
    const std::int64_t line = reader_ ? reader_->number() : 0;
    problems_.add("capture", fmt::format("{}:{}: {}", files_[next_ == 0 ? 0 : next_ - 1], line, what));
  }
  void complain(const normalize::Error& error) {
    complain(error.where.empty() ? std::string{name(error.code)}
                                 : fmt::format("{} at {}", name(error.code), error.where));
  }

  std::unique_ptr<normalize::Venue> venue_;
  std::vector<std::string> files_;
  history::Problems& problems_;
  Shelf shelf_;
  publish::Sequencer sequencer_;
  CaptureRun run_;
  std::unique_ptr<ingest::CaptureReader> reader_;  // of file next_ - 1
  std::size_t next_ = 0;
  ingest::CaptureLine line_;
  std::int64_t done_ = 0, total_ = 0;
};

}  // namespace

std::vector<std::unique_ptr<history::Source>> open_captures(const CaptureSourceOptions& options,
                                                            history::Problems& problems) {
  normalize::VenueOptions venue_options;
  venue_options.bbo_from_book = options.bbo_from_book;
  struct Recording {
    std::unique_ptr<normalize::Venue> venue;
    std::vector<std::string> files;
  };
  std::map<std::string, Recording> recordings;  // by venue
  for (const std::string& file : options.files) {
    auto venue = choose_venue(options.venue, {file}, venue_options);
    Recording& recording = recordings[std::string{venue->venue_name()}];
    if (!recording.venue) recording.venue = std::move(venue);
    recording.files.push_back(file);
  }
  std::vector<std::unique_ptr<history::Source>> sources;
  for (auto& [name, recording] : recordings) {
    sources.push_back(std::make_unique<CaptureSource>(std::move(recording.venue), std::move(recording.files),
                                                      options.instruments, problems));
  }
  return sources;
}

}  // namespace millrace::cli

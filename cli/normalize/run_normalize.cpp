#include "cli/normalize/run_normalize.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>

#include "cli/normalize/capture_run.h"
#include "cli/normalize/record_files.h"
#include "cli/normalize/summary.h"
#include "ingest/record/capture_reader.h"
#include "publish/sequence/sequencer.h"

namespace millrace::cli {
namespace {

using Write = std::function<void(std::string_view)>;

// Counts what could not be read and tells the first of it.
class Complaints {
 public:
  Complaints(std::int64_t most, const Write& complain) : most_{most}, complain_{complain} {}

  void at(std::string file) {
    file_ = std::move(file);
    line_ = 0;
  }
  void line(std::int64_t number) { line_ = number; }

  void add(std::string_view what) {
    if (++count_ <= most_)
      complain_(line_ > 0 ? fmt::format("{}:{}: {}", file_, line_, what) : fmt::format("{}: {}", file_, what));
  }
  void add(const normalize::Error& error) {
    add(error.where.empty() ? std::string{name(error.code)} : fmt::format("{} at {}", name(error.code), error.where));
  }

  std::int64_t finish() const {
    if (count_ > most_) complain_(fmt::format("... and {} more", count_ - most_));
    return count_;
  }

 private:
  std::int64_t most_;
  const Write& complain_;
  std::int64_t count_ = 0;
  std::string file_;
  std::int64_t line_ = 0;
};

std::string read_file(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) throw std::runtime_error{path + ": " + std::strerror(errno)};
  return {std::istreambuf_iterator<char>{file}, {}};
}

// All files are one recording: connections and books go on from one to the next.
void play(const NormalizeOptions& options, normalize::Venue& venue, normalize::EventSink& sink,
          Complaints& complaints) {
  CaptureRun run{venue, sink, [&](const normalize::Error& error) { complaints.add(error); }};
  if (!options.instruments.empty()) {
    complaints.at(options.instruments);
    run.load_instruments(read_file(options.instruments));
  }
  for (const std::string& path : options.captures) {
    complaints.at(path);
    ingest::CaptureReader reader{path};
    ingest::CaptureLine line;
    for (;;) {
      const auto status = reader.next(line);
      if (status == ingest::CaptureReader::Status::kEnd) break;
      complaints.line(reader.number());
      status == ingest::CaptureReader::Status::kBad ? complaints.add(reader.problem()) : run.feed(line);
    }
  }
  if (options.format == NormalizeFormat::kSummary) run.end();
}

std::unique_ptr<RecordFile> record_file(const NormalizeOptions& options, const Write& write) {
  if (options.format == NormalizeFormat::kProto) return std::make_unique<ProtoStream>(options.datasets, write);
  return std::make_unique<JsonLines>(options.datasets, write);
}

}  // namespace

std::int64_t run_normalize(const NormalizeOptions& options, normalize::Venue& venue, const Write& write,
                           const Write& complain) {
  Complaints complaints{options.max_complaints, complain};
  if (options.format == NormalizeFormat::kSummary) {
    Summary summary{venue};
    play(options, venue, summary, complaints);
    write(summary.text());
  } else {
    const auto records = record_file(options, write);
    publish::Sequencer sequencer{
        std::string{venue.venue_name()}, venue.capabilities(), venue.instruments(), *records, {}};
    play(options, venue, sequencer, complaints);
  }
  return complaints.finish();
}

}  // namespace millrace::cli

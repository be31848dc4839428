#include "replay/history/replay_run.h"

#include <limits>

#include "schemas/codec/json_writer.h"

namespace millrace::history {
namespace {

// Where the snapshots that books begin from are looked for: one refresh back, and a quarter of it for the time that a
// busy worker or a restart takes longer.
std::int64_t lookback(const ReplayOptions& options) {
  return options.read.range.has_begin() || options.only_books ? options.refresh_ns + options.refresh_ns / 4 : 0;
}

}  // namespace

// Books at T are those of all that was received up to T: the range that begins behind it, of which nothing is written.
ReplayOptions planned(ReplayOptions options) {
  options.read.lookback_ns = lookback(options);
  if (!options.only_books) return options;
  options.selection.datasets = {"book"};
  options.read.range.from = options.read.range.to + (options.read.range.has_end() ? 1 : 0);
  return options;
}

ReplayRun::ReplayRun(ReplayOptions options, std::vector<std::unique_ptr<Source>> sources, Problems& problems)
    : options_{std::move(options)},
      streams_{options_.selection},
      reader_{std::move(sources), streams_, options_.read, problems},
      books_{problems},
      problems_{problems} {}

// What lies before the range only builds books; with the first record inside it they are written.
ReplaySummary ReplayRun::run(Writer& writer, const WaitFor& wait) {
  bool goes_on = true;
  bool begun = !options_.read.range.has_begin();
  Record record;
  while (goes_on && reader_.next(record)) {
    const bool repeat = !dedupe_.first(record);
    if (record.time < options_.read.range.from) {
      if (!repeat) books_.apply(record);
      continue;
    }
    if (repeat) {
      ++summary_.duplicates;
      continue;
    }
    goes_on = (begun || begin_books(writer, wait)) && replay(record, writer, wait);
    begun = true;
  }
  goes_on = goes_on && !reader_.stopped();
  if (goes_on && !begun) goes_on = begin_books(writer, wait);
  writer.finish();
  summary_.complete = goes_on;
  finish();
  return summary_;
}

bool ReplayRun::begin_books(Writer& writer, const WaitFor& wait) {
  const UnixNanos at = options_.only_books ? options_.read.range.to : options_.read.range.from;
  bool goes_on = true;
  books_.for_each(at, [&](const Record& record) {
    goes_on = goes_on && wait(record) && writer.write(record);
    summary_.books += goes_on;
  });
  return goes_on;
}

bool ReplayRun::replay(const Record& record, Writer& writer, const WaitFor& wait) {
  if (!wait(record) || !writer.write(record)) return false;
  digest_.add(record);
  if (summary_.records == 0) summary_.first = record.time;
  summary_.last = record.time;
  summary_.bytes += static_cast<std::int64_t>(record.bytes.size());
  ++summary_.records;
  ++record.stream->records;
  return true;
}

void ReplayRun::finish() {
  for (std::uint32_t id = 0; id < streams_.size(); ++id) {
    const Stream& stream = streams_[id];
    if (stream.records == 0) continue;
    ReplaySummary::Kind& kind = summary_.kinds[{stream.kind->venue, stream.kind->dataset}];
    kind.records += stream.records;
    ++kind.streams;
  }
  summary_.bytes_on_disk = reader_.bytes_on_disk();
  summary_.problems = problems_.counts();
  summary_.sha256 = digest_.hex();
}

std::string ReplaySummary::to_json(double seconds) const {
  std::string out;
  schemas::JsonWriter json(out);
  json.integer("records", records);
  json.integer("duplicates", duplicates);
  json.integer("books", books);
  json.boolean("complete", complete);
  if (records > 0) {
    json.integer("first_ns", first);
    json.integer("last_ns", last);
  }
  json.text("sha256", sha256);
  json.open_array("kinds");
  for (const auto& [name, kind] : kinds) {
    json.element_object();
    json.text("venue", name.first);
    json.text("dataset", name.second);
    json.integer("records", kind.records);
    json.integer("streams", kind.streams);
    json.close_object();
  }
  json.close_array();
  json.open_object("problems");
  for (const auto& [kind, count] : problems) json.integer(kind, count);
  json.close_object();
  json.integer("bytes", bytes);
  json.integer("bytes_on_disk", bytes_on_disk);
  json.integer("milliseconds", static_cast<std::int64_t>(seconds * 1e3));
  json.integer("records_per_second",
               static_cast<std::int64_t>(seconds > 0 ? static_cast<double>(records) / seconds : 0));
  json.finish();
  return out;
}

}  // namespace millrace::history

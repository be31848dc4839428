#include "replay/history/ordered_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace millrace::history {
namespace {

constexpr UnixNanos kBeforeAll = std::numeric_limits<UnixNanos>::min();
constexpr UnixNanos kAfterAll = std::numeric_limits<UnixNanos>::max();
constexpr std::int64_t kDay = 86'400'000'000'000;
// Records taken from one source before looking whether another is further behind.
constexpr int kLinesATurn = 256;

UnixNanos minus(UnixNanos time, std::int64_t span) { return time < kBeforeAll + span ? kBeforeAll : time - span; }
UnixNanos plus(UnixNanos time, std::int64_t span) { return time > kAfterAll - span ? kAfterAll : time + span; }

}  // namespace

OrderedReader::OrderedReader(std::vector<std::unique_ptr<Source>> sources, StreamTable& streams, ReadOptions options,
                             Problems& problems)
    : streams_{streams},
      options_{std::move(options)},
      problems_{problems},
      sorter_{streams, options_.memory_bytes, options_.temp_folder},
      below_{kBeforeAll},
      latest_{plus(options_.now, kDay)} {
  for (auto& source : sources) {
    Lane& lane = lanes_.emplace_back();
    lane.parts.assign(source->parts(), {kBeforeAll});
    lane.source = std::move(source);
    lane.newest = kBeforeAll;
  }
}

// Of the lanes with something to read, the one that has come least far.
OrderedReader::Lane* OrderedReader::furthest_behind() {
  Lane* least = nullptr;
  for (Lane& lane : lanes_) {
    if (!lane.ended && (least == nullptr || lane.newest < least->newest)) least = &lane;
  }
  return least;
}

bool OrderedReader::next(Record& out) {
  while (!sorter_.next(out)) {
    if (all_read_ || stopped_) return false;
    fill();
  }
  ++given_;
  return true;
}

// Nothing comes from a lane that is older than what it had by more than it may be late, or than its source says; but
// for the record that waits for room.
UnixNanos OrderedReader::nothing_before() const {
  UnixNanos least = kAfterAll;
  for (const Lane& lane : lanes_) {
    if (lane.waiting) least = std::min(least, lane.record.time);
    if (lane.ended) continue;
    least = std::min(least, std::max(minus(lane.newest, options_.late_ns), lane.source->nothing_before()));
  }
  return least;
}

// Reads until the sorter is full or everything is read, and says how far it may hand over.
void OrderedReader::fill() {
  Lane* lane = furthest_behind();
  for (bool room = true; room && lane != nullptr && !stopped_; lane = furthest_behind()) {
    room = read_some(*lane);
    look_at_parts(*lane);
    stopped_ = options_.stop();
  }
  all_read_ = lane == nullptr;
  below_ = all_read_ ? kAfterAll : std::max(below_, nothing_before());
  sorter_.hand_over(below_);
}

// A lane is as far as the part that is furthest behind.
void OrderedReader::look_at_parts(Lane& lane) {
  lane.newest = kAfterAll;
  for (std::size_t part = 0; part < lane.parts.size(); ++part) {
    lane.parts[part].ended = lane.parts[part].ended || lane.source->has_ended(part);
    if (!lane.parts[part].ended) lane.newest = std::min(lane.newest, lane.parts[part].newest);
  }
}

// False: the sorter is full.
bool OrderedReader::read_some(Lane& lane) {
  for (int left = kLinesATurn; left > 0 && !lane.ended; --left) {
    if (!lane.waiting && !read_one(lane)) continue;
    if (is_late(lane.record)) {
      lane.waiting = false;
      continue;
    }
    lane.waiting = !sorter_.add(lane.record);
    if (lane.waiting) return false;
    ++taken_;
  }
  return true;
}

// Takes the lane's next record into `lane.record`; false if it is not one to be replayed.
bool OrderedReader::read_one(Lane& lane) {
  SourceRecord from;
  if (!lane.source->next(from)) {
    lane.ended = true;
    return false;
  }
  const auto meta = schemas::view_meta(from.bytes);
  if (!meta) {
    if (is_history_topic(from.topic)) {
      problems_.add("not_a_record", fmt::format("{}: a record that cannot be read, key {:.80}", from.topic, from.key));
    }
    return false;
  }
  Record& record = lane.record;
  record.stream = streams_.find(from.topic, from.key, meta->symbol);
  if (record.stream == nullptr) {
    if (is_history_topic(from.topic)) {
      problems_.add("unknown_type", fmt::format("{}: a dataset that this program does not know", from.topic));
    }
    return false;
  }
  record.time = meta->receive_time;
  record.epoch = meta->epoch;
  record.seq = meta->seq;
  record.origin = meta->origin;
  record.place = schemas::place_of(*meta);
  record.bytes = from.bytes;
  if (!has_time(record)) return false;
  Part& part = lane.parts[from.part];
  part.newest = std::max(part.newest, record.time);
  // Behind the range nothing of it comes any more once its records would be too late.
  if (!part.ended && record.time > plus(options_.range.to, options_.late_ns)) {
    part.ended = true;
    lane.source->leave(from.part);
    lane.ended = std::all_of(lane.parts.begin(), lane.parts.end(), [](const Part& one) { return one.ended; });
  }
  record.time = order_time(record);
  return is_wanted(record);
}

// A time that is none would move the whole order.
bool OrderedReader::has_time(const Record& record) {
  if (record.time > 0 && record.time <= latest_) return true;
  if (record.stream->selected) {
    problems_.add("bad_time", fmt::format("{} {} epoch {} seq {}: receive time {}", record.stream->kind->topic,
                                          record.stream->owner, record.epoch, record.seq, record.time));
  }
  return false;
}

// A repeat, or a number that comes late, stands where its own time says: what came meanwhile is not before it.
UnixNanos OrderedReader::order_time(const Record& record) {
  Place& place = places_.of(record);
  if (record.seq <= place.seq) return record.time;
  place.seq = record.seq;
  place.time = std::max(place.time, record.time);
  return place.time;
}

bool OrderedReader::is_wanted(const Record& record) const {
  if (!record.stream->selected || record.time > options_.range.to) return false;
  const bool is_book = record.stream->kind->type == schemas::MessageType::kBook;
  const UnixNanos from = is_book ? minus(options_.range.from, options_.lookback_ns) : options_.range.from;
  return record.time >= from;
}

bool OrderedReader::is_late(const Record& record) {
  if (record.time >= below_) return false;
  problems_.add("late", fmt::format("{} {} epoch {} seq {}: stands more than {} s behind its time: left out",
                                    record.stream->kind->topic, record.stream->owner, record.epoch, record.seq,
                                    options_.late_ns / 1'000'000'000));
  return true;
}

double OrderedReader::progress() const {
  double done = 0, total = 0;
  for (const Lane& lane : lanes_) {
    const Source::Progress of = lane.source->progress();
    done += static_cast<double>(lane.ended ? of.total : of.done);
    total += static_cast<double>(of.total);
  }
  const double read = total > 0 ? std::min(done / total, 1.0) : 1.0;
  const double given = taken_ > 0 ? static_cast<double>(given_) / static_cast<double>(taken_) : 1.0;
  return read * (1 + given) / 2;
}

}  // namespace millrace::history

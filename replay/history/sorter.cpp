#include "replay/history/sorter.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace millrace::history {
namespace {

constexpr std::size_t kReadSize = 128 * 1024;
constexpr std::int64_t kDropSize = 8 * 1024 * 1024;
constexpr std::size_t kTypicalRecord = 96;  // bytes with its head: of smaller ones fewer fit

}  // namespace

// One sorted run on disk, read from its beginning to its end. Never empty: it is there while it has a front.
class Sorter::Run {
 public:
  Run(RunFile& file, std::int64_t begin, std::int64_t end) : file_{file}, at_{begin}, end_{end}, dropped_{begin} {
    next();
  }
  ~Run() { file_.drop(dropped_, at_); }

  const Front& front() const noexcept { return front_; }

  // False: that was the last one.
  bool next() {
    position_ += front_size_;
    if (!fill(sizeof(Head))) return false;
    std::memcpy(&front_.head, buffer_.data() + position_, sizeof(Head));
    front_size_ = sizeof(Head) + front_.head.size;
    fill(front_size_);
    front_.bytes = buffer_.data() + position_ + sizeof(Head);
    return true;
  }

 private:
  // Makes `size` bytes readable at `position_`; false at the end of the run.
  bool fill(std::size_t size) {
    const std::size_t there = buffer_.size() - position_;
    if (there >= size) return true;
    const auto left = static_cast<std::size_t>(end_ - at_);
    if (there + left < size) return false;
    if (there > 0) std::memmove(buffer_.data(), buffer_.data() + position_, there);
    position_ = 0;
    const std::size_t more = std::min(left, std::max(kReadSize, size) - there);
    buffer_.resize(there + more);
    file_.read(at_, buffer_.data() + there, more);
    at_ += static_cast<std::int64_t>(more);
    if (at_ - dropped_ >= kDropSize) {
      file_.drop(dropped_, at_);
      dropped_ = at_;
    }
    return true;
  }

  RunFile& file_;
  std::int64_t at_;  // what lies before it was read
  std::int64_t end_;
  std::int64_t dropped_;
  std::vector<char> buffer_;
  std::size_t position_ = 0;
  std::size_t front_size_ = 0;
  Front front_;
};

Sorter::Sorter(StreamTable& streams, std::size_t memory_bytes, std::string folder)
    : streams_{streams},
      capacity_{std::min<std::size_t>(memory_bytes, std::numeric_limits<std::uint32_t>::max())},
      memory_{new char[capacity_]},  // not initialized: what is not used is not resident
      file_{std::move(folder)} {
  entries_.reserve(std::max<std::size_t>(capacity_ / kTypicalRecord, 1));
}
Sorter::~Sorter() = default;

Sorter::Front Sorter::at(std::uint32_t offset) const noexcept {
  Front front;
  std::memcpy(&front.head, memory_.get() + offset, sizeof(Head));
  front.bytes = memory_.get() + offset + sizeof(Head);
  return front;
}

bool Sorter::add(const Record& record) {
  const std::size_t size = sizeof(Head) + record.bytes.size();
  if (used_ + size > capacity_ || entries_.size() == entries_.capacity()) {
    refused_ = size;
    if (!entries_.empty()) return false;
    if (size > capacity_) {
      capacity_ = size;
      memory_.reset(new char[capacity_]);
    }
  }
  const Head head{record.time,  record.seq,        record.epoch,
                  record.place, record.stream->id, static_cast<std::uint32_t>(record.bytes.size()),
                  record.origin};
  std::memcpy(memory_.get() + used_, &head, sizeof head);
  std::ranges::copy(record.bytes, memory_.get() + used_ + sizeof head);
  entries_.push_back({record.time, record.seq, record.stream->id, static_cast<std::uint32_t>(used_)});
  used_ += size;
  refused_ = 0;
  return true;
}

bool Sorter::earlier(const Front& a, const Front& b) const noexcept {
  if (a.head.time != b.head.time) return a.head.time < b.head.time;
  if (a.head.stream != b.head.stream) return before(streams_[a.head.stream], streams_[b.head.stream]);
  if (a.head.seq != b.head.seq) return a.head.seq < b.head.seq;
  if (a.head.epoch != b.head.epoch) return a.head.epoch < b.head.epoch;
  if (a.head.origin != b.head.origin) return a.head.origin < b.head.origin;
  return std::string_view{a.bytes, a.head.size} < std::string_view{b.bytes, b.head.size};
}

bool Sorter::earlier(const Entry& a, const Entry& b) const noexcept {
  if (a.time != b.time) return a.time < b.time;
  if (a.stream != b.stream) return before(streams_[a.stream], streams_[b.stream]);
  if (a.seq != b.seq) return a.seq < b.seq;
  return a.offset != b.offset && earlier(at(a.offset), at(b.offset));
}

void Sorter::sort() {
  const auto less = [this](const Entry& a, const Entry& b) { return earlier(a, b); };
  if (!std::is_sorted(entries_.begin(), entries_.end(), less)) std::sort(entries_.begin(), entries_.end(), less);
}

void Sorter::hand_over(UnixNanos below) {
  below_ = below;
  handed_ = 0;
  sort();
}

bool Sorter::run_after(const Run& a, const Run& b) const noexcept { return earlier(b.front(), a.front()); }

void Sorter::push_run(std::unique_ptr<Run> run) {
  runs_.push_back(std::move(run));
  std::push_heap(runs_.begin(), runs_.end(), [this](const auto& a, const auto& b) { return run_after(*a, *b); });
}

std::unique_ptr<Sorter::Run> Sorter::pop_run() {
  std::pop_heap(runs_.begin(), runs_.end(), [this](const auto& a, const auto& b) { return run_after(*a, *b); });
  std::unique_ptr<Run> run = std::move(runs_.back());
  runs_.pop_back();
  return run;
}

// The run with the earliest front, outside of the heap: while it is ahead of the others, which for runs that hardly
// overlap is nearly always, no heap is touched.
void Sorter::choose_run() {
  if (reading_ && given_ && !reading_->next()) reading_.reset();
  given_ = false;
  if (reading_ && !runs_.empty() && run_after(*reading_, *runs_.front())) push_run(std::move(reading_));
  if (!reading_ && !runs_.empty()) reading_ = pop_run();
}

// The earliest record of memory and runs, if it lies below the limit.
bool Sorter::pick(Front& out) {
  choose_run();
  const bool in_memory = handed_ < entries_.size();
  if (!reading_ && !in_memory) return false;
  if (in_memory) out = at(entries_[handed_].offset);
  const bool from_run = reading_ && (!in_memory || earlier(reading_->front(), out));
  if (from_run) out = reading_->front();
  if (out.head.time >= below_) return false;
  given_ = from_run;
  if (!from_run) ++handed_;
  return true;
}

bool Sorter::next(Record& out) {
  Front front;
  if (!pick(front)) {
    make_room();
    return false;
  }
  out.stream = &streams_[front.head.stream];
  out.time = front.head.time;
  out.epoch = front.head.epoch;
  out.seq = front.head.seq;
  out.origin = front.head.origin;
  out.place = front.head.place;
  out.bytes = {front.bytes, front.head.size};
  return true;
}

// What is left waits: in memory if it is little, else on disk.
void Sorter::make_room() {
  entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(handed_));
  handed_ = 0;
  std::size_t waiting = 0;
  for (const Entry& entry : entries_) waiting += sizeof(Head) + at(entry.offset).head.size;
  const bool little =
      waiting <= capacity_ / 2 && waiting + refused_ <= capacity_ && entries_.size() <= entries_.capacity() / 2;
  if (little) {
    compact();
  } else {
    spill();
  }
}

// Moves what is left to the front of the memory, in the order in which it lies there.
void Sorter::compact() {
  std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) { return a.offset < b.offset; });
  used_ = 0;
  for (Entry& entry : entries_) {
    const std::size_t size = sizeof(Head) + at(entry.offset).head.size;
    std::memmove(memory_.get() + used_, memory_.get() + entry.offset, size);
    entry.offset = static_cast<std::uint32_t>(used_);
    used_ += size;
  }
}

void Sorter::spill() {
  if (reading_) push_run(std::move(reading_));
  if (runs_.size() >= kMostRuns) merge_runs();
  const std::int64_t begin = file_.size();
  for (const Entry& entry : entries_) {
    const char* const record = memory_.get() + entry.offset;
    file_.append({record, sizeof(Head) + at(entry.offset).head.size});
  }
  file_.flush();
  push_run(std::make_unique<Run>(file_, begin, file_.size()));
  entries_.clear();
  used_ = 0;
}

void Sorter::merge_runs() {
  const std::int64_t begin = file_.size();
  while (!runs_.empty()) {
    std::unique_ptr<Run> run = pop_run();
    const Front& front = run->front();
    file_.append({reinterpret_cast<const char*>(&front.head), sizeof front.head});
    file_.append({front.bytes, front.head.size});
    if (run->next()) push_run(std::move(run));
  }
  file_.flush();
  push_run(std::make_unique<Run>(file_, begin, file_.size()));
}

}  // namespace millrace::history

#include "ingest/worker/refresh_schedule.h"

#include <algorithm>

namespace millrace::ingest {

using normalize::InstrumentId;

void RefreshSchedule::push(Entry entry) {
  heap_.push_back(entry);
  std::ranges::push_heap(heap_, later);
}

// Random within the period and then strictly periodic: the spread made once stays.
void RefreshSchedule::add(InstrumentId book, UnixNanos now) {
  remove(book);
  push({now + std::uniform_int_distribution<std::int64_t>(1, period_ns_)(random_), book});
}

void RefreshSchedule::remove(InstrumentId book) {
  if (std::erase_if(heap_, [&](const Entry& entry) { return entry.book == book; }) == 0) return;
  std::ranges::make_heap(heap_, later);
}

const std::vector<InstrumentId>& RefreshSchedule::take_due(UnixNanos now) {
  due_.clear();
  while (!heap_.empty() && heap_.front().at <= now) {
    std::ranges::pop_heap(heap_, later);
    Entry entry = heap_.back();
    heap_.pop_back();
    due_.push_back(entry.book);
    // After a pause of the process (a suspended machine) missed periods are not made up for.
    entry.at = std::max(entry.at + period_ns_, now + period_ns_ / 2);
    push(entry);
  }
  return due_;
}

std::vector<InstrumentId> RefreshSchedule::all() const {
  std::vector<InstrumentId> books;
  for (const Entry& entry : heap_) books.push_back(entry.book);
  std::ranges::sort(books);
  return books;
}

}  // namespace millrace::ingest

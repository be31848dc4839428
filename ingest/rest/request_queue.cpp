#include "ingest/rest/request_queue.h"

#include <algorithm>
#include <utility>

namespace millrace::ingest {
namespace {

// Of those that asked for the same key, the latest are kept: the earlier ones' connections are long gone.
constexpr std::size_t kMaxHandlers = 8;

}  // namespace

// Single flight is what keeps a snapshot storm within the budget: after a reconnect every book asks, and some have
// asked already.
RequestQueue::Pushed RequestQueue::push(const normalize::RestRequest& request, Nanos due, RestHandler handler) {
  for (std::list<Entry>* entries : {&waiting_, &under_way_}) {
    const auto same = std::ranges::find(*entries, request.key, &Entry::key);
    if (same == entries->end()) continue;
    if (same->handlers.size() == kMaxHandlers) same->handlers.erase(same->handlers.begin());
    same->handlers.push_back(std::move(handler));
    return Pushed::kJoined;
  }
  if (waiting_.size() >= limit_) return Pushed::kRefused;
  Entry& entry = waiting_.emplace_back(Entry{request.key, request.target, request.weight, due, 1, {}});
  entry.handlers.push_back(std::move(handler));
  return Pushed::kQueued;
}

const RequestQueue::Entry* RequestQueue::first_due(Nanos now) const {
  const auto due = std::ranges::find_if(waiting_, [&](const Entry& entry) { return entry.due <= now; });
  return due == waiting_.end() ? nullptr : &*due;
}

std::optional<RequestQueue::Nanos> RequestQueue::next_due() const {
  const auto next = std::ranges::min_element(waiting_, {}, &Entry::due);
  if (next == waiting_.end()) return std::nullopt;
  return next->due;
}

const RequestQueue::Entry& RequestQueue::begin(const Entry& entry) {
  const auto place = std::ranges::find_if(waiting_, [&](const Entry& other) { return &other == &entry; });
  under_way_.splice(under_way_.end(), waiting_, place);
  return under_way_.back();
}

std::list<RequestQueue::Entry>::iterator RequestQueue::find_under_way(const std::string& key) {
  return std::ranges::find(under_way_, key, &Entry::key);
}

int RequestQueue::attempt(const std::string& key) { return find_under_way(key)->attempt; }

RequestQueue::Entry RequestQueue::finish(const std::string& key) {
  const auto place = find_under_way(key);
  Entry entry = std::move(*place);
  under_way_.erase(place);
  return entry;
}

// Goes to the end: a request that keeps failing must not hold up the others.
void RequestQueue::retry(const std::string& key, Nanos due) {
  const auto place = find_under_way(key);
  place->due = due;
  ++place->attempt;
  waiting_.splice(waiting_.end(), under_way_, place);
}

}  // namespace millrace::ingest

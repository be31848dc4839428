#include "tests/unit/ingest/worker/feed_harness.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <sstream>

namespace millrace::ingest::test {
namespace {

// The text followed by the readable bytes that a session guarantees.
std::string padded(std::string_view text) { return std::string(text) + std::string(normalize::kFramePadding, '\0'); }

}  // namespace

void FakeLink::tell(SessionState state, Reason reason, UnixNanos now) {
  StateChange change;
  change.state = state;
  change.reason = reason;
  change.at = now;
  change.host_limited = reason == Reason::kLimited;
  if (change.host_limited) change.retry_at = now + 30 * kSecond;
  listener.on_state(change);
}

void FakeLink::open(UnixNanos now) {
  tell(SessionState::kSubscribing, Reason::kNone, now);
  listener.on_open(now);
}

void FakeLink::receive(std::string_view text, UnixNanos now) {
  const std::string bytes = padded(text);
  listener.on_frame({std::string_view(bytes).substr(0, text.size()), now, false});
  listener.on_drained();
}

void FakeLink::close(Reason reason, UnixNanos now) {
  listener.on_closed(reason, "", now);
  const bool stopped = reason == Reason::kStopped;
  tell(stopped ? SessionState::kDisconnected : SessionState::kBackingOff, reason, now);
}

publish::StreamSlot KeepingSink::open(const publish::StreamSpec& spec) {
  specs_.push_back(spec);
  return publish::StreamSlot{static_cast<std::uint32_t>(specs_.size() - 1)};
}

std::span<std::byte> KeepingSink::reserve(publish::StreamSlot, std::size_t bound) {
  buffer_.resize(bound);
  return std::as_writable_bytes(std::span(buffer_));
}

void KeepingSink::commit(publish::StreamSlot stream, std::size_t length, std::int64_t) {
  const publish::StreamSpec& spec = specs_[static_cast<std::size_t>(stream)];
  auto body = schemas::decode(spec.type, std::string_view(buffer_).substr(0, length));
  ASSERT_TRUE(body);
  records.push_back({spec.dataset, *std::move(body)});
}

bool KeepingSink::put(std::string_view topic, std::string_view, std::string_view bytes, schemas::MessageType type) {
  auto body = schemas::decode(type, bytes);
  EXPECT_TRUE(body);
  if (body) records.push_back({std::string(topic), *std::move(body)});
  return true;
}

FeedHarness::FeedHarness(VenueConfig venue, std::int64_t refresh_ns) : config(std::move(venue)) {
  for (const std::string& name : config.dataset_names) config.datasets.push_back(*normalize::dataset_from_name(name));
  FeedSettings settings;
  settings.config = &config;
  settings.wanted = wanted_streams(config);
  settings.refresh_ns = refresh_ns;
  settings.sequencer.epoch = 7;
  settings.sequencer.live = true;
  settings.sequencer.clock = [this] { return now; };
  FeedPorts ports;
  ports.make_link = [this](SessionSettings with, SessionListener& listener) {
    auto link = std::make_unique<FakeLink>(std::move(with), listener);
    links.push_back(link.get());
    return link;
  };
  ports.rest = [this](const normalize::RestRequest& request, RestHandler handler) {
    asked.push_back({request, std::move(handler)});
    return true;
  };
  ports.record = [this](CaptureLine line) { recorded.push_back(std::move(line)); };
  feed = std::make_unique<VenueFeed>(std::move(settings), sink, std::move(ports));
}

bool FeedHarness::answer(std::string_view body, int status) {
  if (asked.empty()) return false;
  const Asked oldest = std::move(asked.front());
  asked.pop_front();
  const std::string bytes = padded(body);
  return oldest.handler({oldest.request.target, std::string_view(bytes).substr(0, body.size()), status, now});
}

void FeedHarness::tick(UnixNanos to) {
  now = to;
  feed->tick(now);
}

std::vector<std::string> FeedHarness::statuses() const {
  std::vector<std::string> lines;
  for (const Record& record : sink.records) {
    const auto* status = std::get_if<schemas::Decoded<schemas::StreamStatus>>(&record.body);
    if (status == nullptr) continue;
    lines.push_back(fmt::format("{} {} {} {}", status->body.dataset, status->meta.stream->symbol,
                                schemas::name(status->body.state), status->body.reason));
  }
  return lines;
}

std::string fixture(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(std::string(MILLRACE_SOURCE_DIR) + "/tests/fixtures/" + path).rdbuf();
  std::string whole = text.str();
  while (!whole.empty() && whole.back() == '\n') whole.pop_back();
  return whole;
}

}  // namespace millrace::ingest::test

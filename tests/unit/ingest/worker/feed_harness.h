#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/worker/venue_feed.h"
#include "schemas/codec/decode.h"

namespace millrace::ingest::test {

inline constexpr std::int64_t kSecond = 1'000'000'000;
inline constexpr UnixNanos kStart = 1'790'000'000 * kSecond;

// A connection without a network: the test plays the venue.
class FakeLink final : public Link {
 public:
  FakeLink(SessionSettings with, SessionListener& to) : settings(std::move(with)), listener(to) {}

  void start() override { started = true; }
  bool send(std::string text) override {
    if (refuses) return false;
    sent.push_back(std::move(text));
    return true;
  }
  void reconnect(std::string why) override { reconnects.push_back(std::move(why)); }
  void report(Progress progress, std::string) override { reports.push_back(progress); }
  void stop() override { stops = true; }
  const SessionStats& stats() const noexcept override { return stats_; }

  // What the venue does.
  void open(UnixNanos now);
  void receive(std::string_view text, UnixNanos now);
  void close(Reason reason, UnixNanos now);
  void tell(SessionState state, Reason reason, UnixNanos now);

  SessionSettings settings;
  SessionListener& listener;
  std::vector<std::string> sent;
  std::vector<std::string> reconnects;
  std::vector<Progress> reports;
  bool started = false;
  bool stops = false;
  bool refuses = false;

 private:
  SessionStats stats_;
};

struct Asked {
  normalize::RestRequest request;
  RestHandler handler;
};

struct Record {
  std::string dataset;  // or the topic of an operational record
  schemas::AnyDecoded body;
};

// Keeps every record, decoded.
class KeepingSink final : public publish::RecordSink {
 public:
  publish::StreamSlot open(const publish::StreamSpec& spec) override;
  std::span<std::byte> reserve(publish::StreamSlot stream, std::size_t bound) override;
  void commit(publish::StreamSlot stream, std::size_t length, std::int64_t seq) override;
  bool put(std::string_view topic, std::string_view key, std::string_view bytes, schemas::MessageType type) override;

  std::vector<Record> records;

 private:
  std::vector<publish::StreamSpec> specs_;
  std::string buffer_;
};

// One venue's feed with a scripted network and a clock that the test moves.
class FeedHarness {
 public:
  explicit FeedHarness(VenueConfig venue, std::int64_t refresh_ns = 60 * kSecond);

  // Answers the oldest REST request that is open; false if there is none.
  bool answer(std::string_view body, int status = 200);
  void tick(UnixNanos to);
  FakeLink& link(std::size_t n) { return *links.at(n); }

  // The bodies of one dataset's records, and of those of a kind of ops record.
  template <class Body>
  std::vector<schemas::Decoded<Body>> of(std::string_view dataset) const {
    std::vector<schemas::Decoded<Body>> found;
    for (const Record& record : sink.records) {
      if (record.dataset == dataset) found.push_back(std::get<schemas::Decoded<Body>>(record.body));
    }
    return found;
  }
  // "DATASET SYMBOL STATE REASON" of each status record.
  std::vector<std::string> statuses() const;

  VenueConfig config;
  KeepingSink sink;
  std::vector<FakeLink*> links;  // of the feed; the pointer outlives a retired one only until the next tick
  std::deque<Asked> asked;
  std::vector<CaptureLine> recorded;
  UnixNanos now = kStart;
  std::unique_ptr<VenueFeed> feed;
};

// The text of tests/fixtures/PATH.
std::string fixture(const std::string& path);

}  // namespace millrace::ingest::test

#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "normalize/book/book.h"
#include "normalize/venue_adapter.h"

// What the tests of this folder share: a connection to feed, a sink that keeps what it is told, and a consumer that
// knows nothing of the venue's rules.
namespace millrace::normalize::kraken {

// A book event with its own copy of the levels.
struct BookRecord {
  EventMeta meta;
  schemas::Book book;  // its spans point to the two vectors
  std::vector<Level> bids, asks;
};

// A book rebuilt by a consumer from published events alone: absolute quantities, 0 deletes, no truncation.
struct Mirror {
  std::map<std::int64_t, std::int64_t> bids, asks;  // at `exponents`
  std::pair<int, int> exponents;                    // price, quantity

  void apply(const BookRecord& record);
  // Up to `count` best levels of both sides as text, "price quantity" without trailing zeros.
  std::vector<std::string> best(std::size_t count) const;
  bool equals(const Book& book) const;
};

// Keeps every event; strings and levels are copied.
class Recorder : public EventSink {
 public:
  std::vector<std::string> log;  // one line per call, in order
  std::vector<BookRecord> books;
  std::vector<std::pair<EventMeta, schemas::Bbo>> bbos;
  std::vector<std::pair<EventMeta, std::string>> trades;  // "id side price quantity type"
  std::vector<std::pair<EventMeta, schemas::Ticker>> tickers;
  std::vector<std::pair<EventMeta, schemas::Candle>> candles;
  std::vector<std::pair<EventMeta, schemas::Instrument>> instruments;
  std::vector<std::pair<StreamKey, schemas::GapMark>> gaps;
  std::vector<std::string> states;  // "dataset STATE reason"
  std::vector<std::string> drops;
  Mirror mirror;

  void begin_frame(std::uint32_t, UnixNanos) override {}
  void on_book(StreamKey stream, const EventMeta& meta, const schemas::Book& book) override;
  void on_bbo(StreamKey stream, const EventMeta& meta, const schemas::Bbo& bbo) override;
  void on_trade(StreamKey stream, const EventMeta& meta, const schemas::Trade& trade) override;
  void on_ticker(StreamKey stream, const EventMeta& meta, const schemas::Ticker& ticker) override;
  void on_candle(StreamKey stream, const EventMeta& meta, const schemas::Candle& candle) override;
  void on_instrument(StreamKey stream, const EventMeta& meta, const schemas::Instrument& instrument) override;
  void on_gap(StreamKey stream, schemas::GapMark mark) override;
  void on_state(StreamKey stream, schemas::StreamState state, std::string_view reason) override;
  void on_drop(std::string_view reason) override;
  bool published_nothing() const;
};

// One line of a recording.
struct CaptureLine {
  UnixNanos time = 0;
  std::string text;  // padded by kFramePadding; use view()
  std::string_view view() const { return std::string_view(text).substr(0, text.size() - kFramePadding); }
  bool is_book(std::string_view type) const;
};
inline constexpr UnixNanos kSecond = 1'000'000'000;

// A venue with one connection, and what came out.
struct Connection {
  explicit Connection(const VenueOptions& options = {});

  std::unique_ptr<Venue> venue;
  std::unique_ptr<VenueAdapter> adapter;
  Recorder out;
  Commands todo;  // of the last call
  UnixNanos now = 1'700'000'000 * kSecond;

  // Each gives the frame's padding and clears `todo` before.
  Result<void> feed(std::string_view text);
  Result<void> feed_file(std::string_view fixture);
  // A line of a recording as it stands, to another sink: for tests that play thousands.
  Result<void> feed_to(const CaptureLine& line, EventSink& sink);
  void open(std::vector<Subscription> wanted);
  // Time passes, and on_time is called.
  void wait(UnixNanos duration);
  void reconnect(std::vector<Subscription> wanted);
  Result<void> reference(std::string_view body);
};

// A fixture of tests/fixtures/kraken, without its last newline.
std::string fixture(std::string_view name);
// `text` with kFramePadding bytes behind it.
std::string padded(std::string_view text);

// A recording of ../shared/captures/kraken; empty if it is absent.
std::vector<CaptureLine> capture(std::string_view name);
std::string shared_file(std::string_view name);  // whole, empty if absent

}  // namespace millrace::normalize::kraken

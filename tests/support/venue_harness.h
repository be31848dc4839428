#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "normalize/venue_adapter.h"

// Verbs of tests that drive a venue: feed it fixtures or texts, look at what came out.
namespace millrace::test {

using normalize::Dataset;
using schemas::UnixNanos;

// One event as the sink saw it, with everything that the venue only lends copied. Which body member counts says `kind`.
struct Recorded {
  enum class Kind { kBook, kBbo, kTrade, kTicker, kCandle, kInstrument };
  Kind kind = Kind::kBook;
  std::string symbol;
  Dataset dataset = Dataset::kBook;
  normalize::EventMeta meta;
  schemas::Book book;
  std::vector<schemas::Level> bids, asks;
  schemas::Bbo bbo;
  schemas::Trade trade;
  std::string trade_id, order_type;
  schemas::Ticker ticker;
  schemas::Candle candle;
  std::string interval;
  schemas::Instrument instrument;
};
struct RecordedGap {
  std::string symbol;
  Dataset dataset;
  schemas::GapMark mark;
};
struct RecordedState {
  std::string symbol;
  Dataset dataset;
  schemas::StreamState state;
  std::string reason;
};

// Keeps all that a venue says, in order.
class RecordingSink : public normalize::EventSink {
 public:
  explicit RecordingSink(const normalize::InstrumentTable& table) : table_(table) {}

  void begin_frame(std::uint32_t connection, UnixNanos receive_time) override;
  void on_book(normalize::StreamKey stream, const normalize::EventMeta& meta, const schemas::Book& book) override;
  void on_bbo(normalize::StreamKey stream, const normalize::EventMeta& meta, const schemas::Bbo& bbo) override;
  void on_trade(normalize::StreamKey stream, const normalize::EventMeta& meta, const schemas::Trade& trade) override;
  void on_ticker(normalize::StreamKey stream, const normalize::EventMeta& meta, const schemas::Ticker& body) override;
  void on_candle(normalize::StreamKey stream, const normalize::EventMeta& meta, const schemas::Candle& body) override;
  void on_instrument(normalize::StreamKey stream, const normalize::EventMeta& meta,
                     const schemas::Instrument& body) override;
  void on_gap(normalize::StreamKey stream, schemas::GapMark mark) override;
  void on_state(normalize::StreamKey stream, schemas::StreamState state, std::string_view reason) override;
  void on_drop(std::string_view reason) override { drops.emplace_back(reason); }

  void clear();

  std::vector<Recorded> events;
  std::vector<RecordedGap> gaps;
  std::vector<RecordedState> states;
  std::vector<std::string> drops;

 private:
  Recorded& add(Recorded::Kind kind, normalize::StreamKey stream, const normalize::EventMeta& meta);

  const normalize::InstrumentTable& table_;
};

// A venue with any number of connections. `out` and `todo` gather until clear().
class VenueHarness {
 public:
  explicit VenueHarness(std::string_view venue, const normalize::VenueOptions& options = {});
  ~VenueHarness();

  // Connection 0 exists from the start, not opened: it reads a recording.
  std::size_t connect();
  void open(std::vector<normalize::Subscription> wanted, std::size_t connection = 0);
  void change(std::vector<normalize::Subscription> add, std::vector<normalize::Subscription> remove,
              std::size_t connection = 0);
  void close(std::size_t connection = 0);

  // Each moves the clock on by a millisecond, and hands over a padded copy that a sanitizer guards.
  normalize::Result<void> feed(std::string_view text, std::size_t connection = 0);
  normalize::Result<void> answer(std::string_view target, std::string_view body, int status = 200,
                                 std::size_t connection = 0);
  normalize::Result<void> reference(std::string_view body);
  void wake(UnixNanos at, std::size_t connection = 0);

  // tests/fixtures/<folder>/<name>, without the newline at its end.
  static std::string fixture(std::string_view folder, std::string_view name);

  void clear();

  std::unique_ptr<normalize::Venue> venue;
  RecordingSink out;
  normalize::Commands todo;
  UnixNanos now = 1'700'000'000'000'000'000;

 private:
  std::vector<std::unique_ptr<normalize::VenueAdapter>> connections_;
};

// `text` on the heap with exactly the padding that frames have.
class PaddedText {
 public:
  explicit PaddedText(std::string_view text);
  std::string_view view() const noexcept { return {buffer_.get(), size_}; }

 private:
  std::unique_ptr<char[]> buffer_;
  std::size_t size_;
};

}  // namespace millrace::test

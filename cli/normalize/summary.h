#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/normalize/book_facts.h"
#include "cli/normalize/trade_facts.h"
#include "normalize/book/book_audit.h"
#include "normalize/event_sink.h"
#include "normalize/venue_adapter.h"

namespace millrace::cli {

// What `normalize --summary` prints: per native symbol the numbers of a facts file, from the venue's events and its
// word about each book message. Knows no venue. Memory grows with the capture: one BBO for each update with an id.
class Summary final : public normalize::EventSink, public normalize::BookAudit {
 public:
  // Makes itself the venue's audit while it lives; `venue` must outlive it.
  explicit Summary(normalize::Venue& venue);
  ~Summary() override;
  Summary(const Summary&) = delete;
  Summary& operator=(const Summary&) = delete;

  void on_book_message(const normalize::BookAudit::Event& event) override;

  void begin_frame(std::uint32_t connection, schemas::UnixNanos receive_time) override;
  void on_book(normalize::StreamKey, const normalize::EventMeta&, const schemas::Book&) override;
  void on_bbo(normalize::StreamKey key, const normalize::EventMeta& meta, const schemas::Bbo& bbo) override;
  void on_trade(normalize::StreamKey key, const normalize::EventMeta& meta, const schemas::Trade& trade) override;
  void on_ticker(normalize::StreamKey, const normalize::EventMeta&, const schemas::Ticker&) override;
  void on_candle(normalize::StreamKey, const normalize::EventMeta&, const schemas::Candle&) override;
  void on_instrument(normalize::StreamKey, const normalize::EventMeta&, const schemas::Instrument&) override;
  void on_gap(normalize::StreamKey key, schemas::GapMark mark) override;
  void on_state(normalize::StreamKey, schemas::StreamState, std::string_view) override;
  void on_drop(std::string_view reason) override;

  // One JSON object with a newline.
  std::string text() const;

 private:
  // By channel: what was live, and what the venue sent of earlier days.
  struct Trades {
    TradeFacts live;
    TradeFacts history;  // sent as a snapshot
  };
  // Kept until the end, when the books of the whole recording are known.
  struct Quotes {
    std::int64_t count = 0;
    std::vector<std::pair<std::int64_t, schemas::Bbo>> with_id;  // the book they name may come later
  };
  struct Instrument {
    std::unique_ptr<BookFacts> book;  // null: no book message
    std::map<normalize::Dataset, Trades> trades;
    std::map<normalize::Dataset, Quotes> quotes;
    std::map<std::string, std::int64_t> records;  // by dataset name
  };

  Instrument& at(normalize::InstrumentId id);
  Instrument& count(normalize::StreamKey key);
  std::string channel_of(normalize::Dataset dataset) const;
  boost::json::object quotes_json(const Quotes& quotes, const BookFacts* book) const;
  boost::json::object instrument_json(const Instrument& instrument) const;

  normalize::Venue& venue_;
  std::deque<Instrument> instruments_;  // by InstrumentId
  std::map<std::string, std::int64_t> drops_;
  std::int64_t frames_ = 0;
};

}  // namespace millrace::cli

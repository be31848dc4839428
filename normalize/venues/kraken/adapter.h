#pragma once

#include "normalize/venue_adapter.h"
#include "normalize/venues/kraken/book_feed.h"
#include "normalize/venues/kraken/messages.h"
#include "normalize/venues/kraken/row_feed.h"
#include "normalize/venues/kraken/subscriptions.h"
#include "normalize/venues/kraken/venue_state.h"

namespace millrace::normalize::kraken {

// One connection to the venue. The state it works on belongs to the Venue, which must outlive it, as must the feeds.
// Made by KrakenVenue::connect() only; all calls on the venue's thread.
class KrakenAdapter : public VenueAdapter {
 public:
  KrakenAdapter(VenueState& venue, BookFeed& books, RowFeed& rows);

  void on_open(std::span<const Subscription> wanted, UnixNanos now, EventSink& out, Commands& todo) override;
  void change(std::span<const Subscription> add, std::span<const Subscription> remove, UnixNanos now, EventSink& out,
              Commands& todo) override;
  Result<void> on_frame(const Frame& frame, EventSink& out, Commands& todo) override;
  Result<void> on_rest(const RestAnswer& answer, EventSink& out, Commands& todo) override;
  void on_time(UnixNanos now, EventSink& out, Commands& todo) override;
  void on_close(UnixNanos now, EventSink& out) override;

 private:
  Result<void> on_book(const Frame& frame, EventSink& out, Commands& todo);
  Result<void> dispatch(const Frame& frame, EventSink& out, Commands& todo);
  void note_first_tickers();
  void note_first_candles();
  void recover(StreamKey stream, EventSink& out);

  VenueState& venue_;
  BookFeed& books_;
  RowFeed& rows_;
  MessageReader reader_;
  // Reused: its views point into the frame at hand or into reader_, and are stale after the call.
  Message message_;
  Subscriptions subscriptions_;
  std::uint32_t number_;  // tells this connection's books from another's
};

}  // namespace millrace::normalize::kraken

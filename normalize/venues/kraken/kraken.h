#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "normalize/venue_adapter.h"
#include "normalize/venues/kraken/book_feed.h"
#include "normalize/venues/kraken/messages.h"
#include "normalize/venues/kraken/row_feed.h"
#include "normalize/venues/kraken/venue_state.h"

namespace millrace::normalize::kraken {

// Kraken Spot, WebSocket v2. All state of one thread; its connections share it.
class KrakenVenue : public Venue {
 public:
  explicit KrakenVenue(const VenueOptions& options);

  std::string_view venue_name() const noexcept override { return "kraken"; }
  const Capabilities& capabilities() const noexcept override;
  InstrumentTable& instruments() noexcept override { return state_.instruments; }
  std::string_view rest_url() const noexcept override;

  std::vector<RestRequest> reference_requests() const override;
  // Takes the answer to AssetPairs or a frame of the instrument channel. Errors: kRefused (the venue's words), and
  // those of a broken body.
  Result<void> on_reference(const RestAnswer& answer, EventSink& out) override;
  // Two triggers of one symbol's ticker, or two intervals of its candles, go to different connections. Errors: kRefused
  // for a dataset, depth or symbol that the venue cannot serve.
  Result<std::vector<ConnectionPlan>> plan(std::span<const Subscription> wanted) const override;
  std::unique_ptr<VenueAdapter> connect() override;
  bool refresh(InstrumentId instrument, EventSink& out) override { return books_.refresh(instrument, out); }
  void set_audit(BookAudit* audit) noexcept override { state_.audit = audit; }

 private:
  // The feeds hold references to state_, hence the order; adapters hold references to all three.
  VenueState state_;
  BookFeed books_;
  RowFeed rows_;
  MessageReader reader_;
  Message message_;
};

}  // namespace millrace::normalize::kraken

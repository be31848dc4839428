#pragma once

#include <array>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "normalize/venue_adapter.h"
#include "normalize/venues/binance/book_feed.h"
#include "normalize/venues/binance/trade_feed.h"
#include "normalize/venues/binance/venue_config.h"

namespace millrace::normalize::binance {

class BinanceAdapter;

// What a venue remembers of one instrument beyond its connections, so that two of them can overlap and a hole across a
// reconnect shows. Never forgotten while the process runs; a few hundred bytes beside the book.
struct InstrumentState {
  InstrumentState(const VenueConfig& config, const VenueOptions& options, InstrumentId id, InstrumentInfo& info)
      : book(config, options, id, info) {}

  // Null: the dataset is not one of trades.
  TradeFeed* trades(Dataset dataset) noexcept {
    return dataset == Dataset::kTrade ? &trade : dataset == Dataset::kTradeAgg ? &trade_agg : nullptr;
  }

  BookFeed book;
  TradeFeed trade, trade_agg;
  std::optional<std::int64_t> quote_id;  // u of the last quote
  schemas::Bbo quote;                    // that quote, to tell a repeat from a correction under the same id
  std::array<std::optional<UnixNanos>, kDatasetCount> last_sent;  // E of the last ticker or candle
};

// One of Binance's venues: Spot, binance.us, USD-M and COIN-M futures and their test nets are the same code under
// different configuration. Thread: the one that its connections run on.
class BinanceVenue : public Venue {
 public:
  BinanceVenue(const VenueConfig& config, const VenueOptions& options);
  ~BinanceVenue() override;

  std::string_view venue_name() const noexcept override { return config_.name; }
  const Capabilities& capabilities() const noexcept override { return config_.capabilities; }
  InstrumentTable& instruments() noexcept override { return table_; }
  std::string_view rest_url() const noexcept override;
  std::vector<RestRequest> reference_requests() const override;
  Result<void> on_reference(const RestAnswer& answer, EventSink& out) override;
  Result<std::vector<ConnectionPlan>> plan(std::span<const Subscription> wanted) const override;
  std::unique_ptr<VenueAdapter> connect() override;
  bool refresh(InstrumentId instrument, EventSink& out) override;
  void set_audit(BookAudit* audit) noexcept override { audit_ = audit; }

  // For its adapters.
  const VenueConfig& config() const noexcept { return config_; }
  const VenueOptions& options() const noexcept { return options_; }
  BookAudit* audit() const noexcept { return audit_; }
  // Made on first use; the reference stays valid for the venue's life.
  InstrumentState& state(InstrumentId id);
  // An adapter calls these when it is made and when it ends, so `adapters_` holds no dangling pointer.
  void join(BinanceAdapter& adapter) { adapters_.push_back(&adapter); }
  void leave(BinanceAdapter& adapter) { std::erase(adapters_, &adapter); }
  // Does another open connection carry the stream?
  bool fed_elsewhere(const BinanceAdapter& adapter, StreamKey stream) const noexcept;

 private:
  // The combined form ("/stream"): its frames name their stream.
  std::string stream_url(std::string_view route) const;
  std::optional<Error> objection(const Subscription& wanted) const;

  const VenueConfig& config_;
  VenueOptions options_;
  InstrumentTable table_;
  bool reference_loaded_ = false;                        // unknown symbols are refused from then on
  std::deque<std::unique_ptr<InstrumentState>> states_;  // by InstrumentId; null until needed
  std::vector<BinanceAdapter*> adapters_;
  BookAudit* audit_ = nullptr;
  JsonParser parser_;
};

}  // namespace millrace::normalize::binance

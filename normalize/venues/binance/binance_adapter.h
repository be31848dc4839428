#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "normalize/venue_adapter.h"
#include "normalize/venues/binance/binance_venue.h"
#include "normalize/venues/binance/messages.h"
#include "normalize/venues/binance/streams.h"

namespace millrace::normalize::binance {

// One connection to a venue. Before on_open, or with nothing wanted, it reads a recording: every symbol is taken and
// nothing happens by time.
class BinanceAdapter : public VenueAdapter {
 public:
  explicit BinanceAdapter(BinanceVenue& venue);
  ~BinanceAdapter() override;

  void on_open(std::span<const Subscription> wanted, UnixNanos now, EventSink& out, Commands& todo) override;
  void change(std::span<const Subscription> add, std::span<const Subscription> remove, UnixNanos now, EventSink& out,
              Commands& todo) override;
  Result<void> on_frame(const Frame& frame, EventSink& out, Commands& todo) override;
  Result<void> on_rest(const RestAnswer& answer, EventSink& out, Commands& todo) override;
  void on_time(UnixNanos now, EventSink& out, Commands& todo) override;
  void on_close(UnixNanos now, EventSink& out) override;

  bool carries(StreamKey stream) const noexcept;
  // Another open connection carries the stream as well.
  bool doubled(StreamKey stream) const noexcept { return !offline_ && venue_.fed_elsewhere(*this, stream); }

 private:
  // Streams of one SUBSCRIBE, until its answer.
  struct Pending {
    std::int64_t id;
    std::vector<StreamKey> streams;
  };

  // One per kind of message; each reads the decoder's member of that kind, which on_frame has filled.
  Result<void> on_depth(UnixNanos now, EventSink& out, Commands& todo);
  Result<void> on_quote(EventSink& out);
  Result<void> on_trade(MessageKind kind, UnixNanos now, EventSink& out, Commands& todo);
  Result<void> on_candle(EventSink& out);
  Result<void> on_ticker(EventSink& out);
  Result<void> on_reply(UnixNanos now, EventSink& out, Commands& todo);
  Result<void> on_depth_answer(const RestAnswer& answer, const Target& target, EventSink& out, Commands& todo);

  // The state of the message's instrument if this connection carries the dataset for it; null: drop the message, as an
  // error if one is set.
  InstrumentState* accept(const Header& header, Dataset dataset, EventSink& out, InstrumentId& id,
                          std::optional<Error>& error);
  // Drops what both of two overlapping connections bring.
  static bool already_sent(InstrumentState& state, Dataset dataset, const Header& header, EventSink& out);
  // The instrument's decimals rise to those of a message that is published; never before, as a bad frame must not move
  // them.
  void commit(InstrumentId id, Decimals decimals);

  void send(std::string_view method, std::span<const Subscription> wanted, Commands& todo);
  void unsubscribe(std::span<const Subscription> remove, UnixNanos now, EventSink& out, Commands& todo);
  void close_stream(StreamKey stream, UnixNanos now, EventSink& out, Commands& todo);
  void mark_live(StreamKey stream, std::string_view reason, EventSink& out);
  FeedContext context(InstrumentId id, UnixNanos now, EventSink& out, Commands& todo) const;

  BinanceVenue& venue_;
  MessageDecoder decoder_;
  bool offline_ = true;
  // One bit per dataset: kDatasetCount must stay within 32.
  std::vector<std::uint32_t> carried_;  // by instrument: bits of Dataset
  std::vector<std::uint32_t> live_;     // the same: told LIVE
  std::vector<Pending> pending_;        // SUBSCRIBEs without an answer yet, in order
  std::int64_t next_id_ = 1;            // of the next message; unique on this connection
  // Absent if nobody on this connection wants reference data.
  std::optional<UnixNanos> reread_reference_at_;
};

}  // namespace millrace::normalize::binance

#include "normalize/venues/kraken/adapter.h"

#include "normalize/venues/kraken/reference.h"
#include "normalize/venues/kraken/requests.h"

namespace millrace::normalize::kraken {

using schemas::StreamState;

KrakenAdapter::KrakenAdapter(VenueState& venue, BookFeed& books, RowFeed& rows)
    : venue_(venue), books_(books), rows_(rows), subscriptions_(venue, books), number_(++venue.connections) {}

void KrakenAdapter::on_open(std::span<const Subscription> wanted, UnixNanos now, EventSink& out, Commands& todo) {
  // First of all, so that the precisions are the latest when the books begin.
  if (!wanted.empty()) subscriptions_.subscribe_instruments(now, todo);
  subscriptions_.add(wanted, now, out, todo);
  subscriptions_.on_time(now, todo);
}

// Removal first: a symbol may change its dataset, and the venue answers in order.
void KrakenAdapter::change(std::span<const Subscription> add, std::span<const Subscription> remove, UnixNanos now,
                           EventSink& out, Commands& todo) {
  subscriptions_.remove(remove, now, todo);
  subscriptions_.add(add, now, out, todo);
  subscriptions_.on_time(now, todo);
}

// Text to words, then words to events: nothing of a frame that is not well-formed to its end gets through.
Result<void> KrakenAdapter::on_frame(const Frame& frame, EventSink& out, Commands& todo) {
  if (auto read = reader_.read(frame.text, message_); !read) return read;
  return dispatch(frame, out, todo);
}

// Heartbeats and pongs make no event: the shell has counted the frame as a sign of life already. A status comes on
// every connect, before anything is subscribed (docs.kraken.com, websocket-v2/status).
Result<void> KrakenAdapter::dispatch(const Frame& frame, EventSink& out, Commands& todo) {
  switch (message_.kind) {
    case MessageKind::kBook:
      return on_book(frame, out, todo);
    case MessageKind::kTrade:
      return rows_.on_trades(message_, subscriptions_, out);
    case MessageKind::kTicker:
      if (message_.snapshot) note_first_tickers();
      return rows_.on_tickers(message_, subscriptions_, out);
    case MessageKind::kCandle:
      if (message_.snapshot) note_first_candles();
      return rows_.on_candles(message_, subscriptions_, out);
    case MessageKind::kInstrument:
      apply_reference(message_, venue_, out);
      return {};
    case MessageKind::kStatus:
      venue_.set_system(message_.system, out);
      return {};
    case MessageKind::kReply:
      return subscriptions_.on_reply(message_.reply, frame.receive_time, out, todo);
    case MessageKind::kHeartbeat:
    case MessageKind::kPong:
      return {};
    case MessageKind::kUnknown:
      break;
  }
  out.on_drop("unknown_type");
  return {};
}

// The hot path. A checksum that fails goes back to the shell as an error, with the resync already in `todo`.
Result<void> KrakenAdapter::on_book(const Frame& frame, EventSink& out, Commands& todo) {
  const auto id = venue_.resolve(message_.book.symbol, "data[0].symbol");
  if (!id) return id.error();
  const StreamKey stream{*id, Dataset::kBook};
  if (!subscriptions_.carries(stream)) {
    out.on_drop("unsubscribed");
    return {};
  }
  const auto action =
      books_.on_message(*id, message_, {number_, subscriptions_.acked_depth(*id)}, frame.receive_time, out);
  if (!action) {
    if (action.error().code == Errc::kBadChecksum) subscriptions_.resync(*id, frame.receive_time, todo);
    return action.error();
  }
  if (*action == BookFeed::Action::kSnapshotLoaded) subscriptions_.on_data(stream);
  if (*action == BookFeed::Action::kResyncCrossed && subscriptions_.resync(*id, frame.receive_time, todo)) {
    books_.interrupt(*id, "crossed", true);
  }
  return {};
}

// Snapshots are what a subscription that is waited for brings first.
void KrakenAdapter::note_first_tickers() {
  for (const TickerRow& row : message_.tickers) {
    const auto id = venue_.instruments.find(row.symbol);
    if (id) subscriptions_.on_data({*id, subscriptions_.ticker_dataset(*id)});
  }
}

// By the row's interval, as one symbol may have bars of several intervals on several connections.
void KrakenAdapter::note_first_candles() {
  for (const CandleRow& row : message_.candles) {
    const auto id = venue_.instruments.find(row.symbol);
    const auto dataset = candle_of(row.interval);
    if (id && dataset) subscriptions_.on_data({*id, *dataset});
  }
}

// This venue needs REST for reference data only, and the Venue reads that; an answer that comes here is read the same.
Result<void> KrakenAdapter::on_rest(const RestAnswer& answer, EventSink& out, Commands& /*todo*/) {
  if (!answer.target.starts_with("/0/public/AssetPairs")) return {};
  if (auto read = reader_.read_asset_pairs(answer.body, message_); !read) return read;
  apply_reference(message_, venue_, out);
  return {};
}

void KrakenAdapter::on_time(UnixNanos now, EventSink& /*out*/, Commands& todo) { subscriptions_.on_time(now, todo); }

// Books are kept, though wrong from here on: the next connection's snapshot knows by them that a hole is to be
// declared. The hole waits until then, when the stream speaks again.
void KrakenAdapter::on_close(UnixNanos /*now*/, EventSink& out) {
  for (std::size_t i = 0; i < venue_.instruments.size(); ++i) {
    const InstrumentId id{static_cast<std::uint32_t>(i)};
    if (venue_.of(id).feeder != number_) continue;
    books_.interrupt(id, "reconnect", false);
    recover({id, Dataset::kBook}, out);
    if (venue_.wants_bbo_book(id)) recover({id, Dataset::kBboBook}, out);
  }
  for (const StreamKey& stream : subscriptions_.streams()) recover(stream, out);
}

// The stream is down with this connection, unless it was refused or its book lives on another one.
void KrakenAdapter::recover(StreamKey stream, EventSink& out) {
  const SymbolState& symbol = venue_.of(stream.instrument);
  const bool book = stream.dataset == Dataset::kBook || stream.dataset == Dataset::kBboBook;
  if (book && symbol.book.state() == DepthBook::State::kLive) return;
  if (symbol.states[static_cast<std::size_t>(stream.dataset)] == StreamState::kHalted) return;
  venue_.set_state(stream, StreamState::kRecovering, "disconnected", out);
}

}  // namespace millrace::normalize::kraken

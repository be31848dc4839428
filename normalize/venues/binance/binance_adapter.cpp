#include "normalize/venues/binance/binance_adapter.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "normalize/venues/binance/streams.h"

namespace millrace::normalize::binance {
namespace {

using schemas::StreamState;

// ns. Status changes come no other way: there is no stream of them (exchangeInfo is the only source).
constexpr UnixNanos kRereadReference = 300'000'000'000;  // status changes come no other way

constexpr std::uint32_t bit(Dataset dataset) noexcept { return 1U << static_cast<unsigned>(dataset); }
constexpr bool is_book(Dataset dataset) noexcept { return dataset == Dataset::kBook || dataset == Dataset::kBboBook; }
constexpr std::uint32_t kBookBits = bit(Dataset::kBook) | bit(Dataset::kBboBook);

std::uint32_t& bits_of(std::vector<std::uint32_t>& all, InstrumentId id) {
  if (index(id) >= all.size()) all.resize(index(id) + 1);
  return all[index(id)];
}

}  // namespace

BinanceAdapter::BinanceAdapter(BinanceVenue& venue) : venue_(venue), decoder_(venue.instruments()) {
  venue_.join(*this);
}
BinanceAdapter::~BinanceAdapter() { venue_.leave(*this); }

bool BinanceAdapter::carries(StreamKey stream) const noexcept {
  return index(stream.instrument) < carried_.size() && (carried_[index(stream.instrument)] & bit(stream.dataset)) != 0;
}

void BinanceAdapter::on_open(std::span<const Subscription> wanted, UnixNanos now, EventSink& out, Commands& todo) {
  change(wanted, {}, now, out, todo);
}

// A recording ends its being one here: from now on only what is carried is taken, and deadlines count.
void BinanceAdapter::change(std::span<const Subscription> add_these, std::span<const Subscription> remove,
                            UnixNanos now, EventSink& out, Commands& todo) {
  if (!remove.empty()) unsubscribe(remove, now, out, todo);
  if (add_these.empty()) return;
  offline_ = false;
  for (const Subscription& one : add_these) {
    const StreamKey stream{venue_.instruments().intern(one.symbol), one.dataset};
    bits_of(carried_, stream.instrument) |= bit(one.dataset);
    if (one.dataset == Dataset::kInstrument) {
      // No stream: it lives by asking again.
      mark_live(stream, "reference", out);
      if (!reread_reference_at_) reread_reference_at_ = now + kRereadReference;
    }
  }
  send("SUBSCRIBE", add_these, todo);
  todo.wake(reread_reference_at_);
}

// Silent streams only: one that another dataset still needs stays.
void BinanceAdapter::unsubscribe(std::span<const Subscription> remove, UnixNanos now, EventSink& out, Commands& todo) {
  std::vector<Subscription> silent;
  for (const Subscription& one : remove) {
    const auto id = venue_.instruments().find(one.symbol);
    if (!id || !carries({*id, one.dataset})) continue;
    carried_[index(*id)] &= ~bit(one.dataset);
    bits_of(live_, *id) &= ~bit(one.dataset);
    // Two datasets may live on the book's stream: it ends with the last.
    if (is_book(one.dataset) && (carried_[index(*id)] & kBookBits) != 0) continue;
    silent.push_back(one);
    if (!is_book(one.dataset) || venue_.fed_elsewhere(*this, {*id, one.dataset})) continue;
    FeedContext feed = context(*id, now, out, todo);
    venue_.state(*id).book.on_lost(feed);
  }
  send("UNSUBSCRIBE", silent, todo);
}

// In messages of at most kStreamsPerMessage streams; two datasets of one stream ask once.
void BinanceAdapter::send(std::string_view method, std::span<const Subscription> wanted, Commands& todo) {
  std::set<std::string> known;
  std::vector<std::string> names;
  Pending pending{next_id_, {}};
  const auto flush = [&] {
    if (names.empty()) return;
    todo.send.push_back(control_text(method, names, pending.id));
    if (method == "SUBSCRIBE") pending_.push_back(pending);
    pending = {++next_id_, {}};
    names.clear();
  };
  for (const Subscription& one : wanted) {
    auto name = stream_name(venue_.config(), one, venue_.options().book_speed);
    if (!name) continue;
    if (known.insert(*name).second) {
      if (names.size() == kStreamsPerMessage) flush();
      names.push_back(*std::move(name));
    }
    pending.streams.push_back({venue_.instruments().intern(one.symbol), one.dataset});
  }
  flush();
}

// serverShutdown comes before maintenance, as a best effort (spot docs, web-socket-streams.md): connecting anew at once
// loses less than being cut off later.
Result<void> BinanceAdapter::on_frame(const Frame& frame, EventSink& out, Commands& todo) {
  const auto kind = decoder_.decode(frame.text);
  if (!kind) return decoder_.error();
  switch (*kind) {
    case MessageKind::kQuote:
      return on_quote(out);
    case MessageKind::kDepth:
      return on_depth(frame.receive_time, out, todo);
    case MessageKind::kTrade:
    case MessageKind::kAggTrade:
      return on_trade(*kind, frame.receive_time, out, todo);
    case MessageKind::kCandle:
      return on_candle(out);
    case MessageKind::kTicker:
      return on_ticker(out);
    case MessageKind::kReply:
      return on_reply(frame.receive_time, out, todo);
    case MessageKind::kShutdown:
      todo.reconnect = true;
      todo.reason = "server_shutdown";
      return {};
    case MessageKind::kOther:
      out.on_drop("unknown_type");
      return {};
  }
  return {};
}

// Offline every symbol is taken, since who recorded it wanted it. Live an unknown one is an error rather than a new
// instrument: only reference data may add those, or a frame gone wrong would.
InstrumentState* BinanceAdapter::accept(const Header& header, Dataset dataset, EventSink& out, InstrumentId& id,
                                        std::optional<Error>& error) {
  if (header.instrument) {
    id = *header.instrument;
    if (carries({id, dataset}) || (is_book(dataset) && carries({id, Dataset::kBboBook}))) return &venue_.state(id);
  }
  if (offline_) {
    id = venue_.instruments().intern(header.symbol);
    bits_of(carried_, id) |= bit(dataset);
    return &venue_.state(id);
  }
  if (header.instrument) {
    out.on_drop("unsubscribed");
  } else {
    error = Error{Errc::kUnknownInstrument, fmt::format("symbol {}", header.symbol)};
  }
  return nullptr;
}

// `pu` is what the futures chain is made of: without it nothing could be said about loss (USD-M docs, How to manage a
// local order book correctly).
Result<void> BinanceAdapter::on_depth(UnixNanos now, EventSink& out, Commands& todo) {
  Depth& depth = decoder_.depth;
  InstrumentId id{};
  std::optional<Error> error;
  InstrumentState* const state = accept(depth, Dataset::kBook, out, id, error);
  if (state == nullptr) return error ? Result<void>(*std::move(error)) : Result<void>();
  if (venue_.config().rule == ChainRule::kFutures && !depth.ids.pu) return Error{Errc::kMissingField, "pu"};
  FeedContext feed = context(id, now, out, todo);
  if (const auto failed = state->book.on_update(depth, feed)) {
    return Error{*failed, fmt::format("{} {}", depth.symbol, *failed == Errc::kSequenceGap ? "U" : "b, a")};
  }
  return {};
}

// The last answer counts as the connection that asked for it: in recordings nobody has asked.
Result<void> BinanceAdapter::on_rest(const RestAnswer& answer, EventSink& out, Commands& todo) {
  const Target target = parse_target(answer.target);
  switch (target.kind) {
    case Target::Kind::kDepth:
      return on_depth_answer(answer, target, out, todo);
    case Target::Kind::kInfo:
      if (answer.status != 0 && answer.status != 200) return Error{Errc::kRefused, fmt::format("{}", answer.status)};
      return venue_.on_reference(answer, out);
    case Target::Kind::kOther:
      break;
  }
  out.on_drop("unknown_type");
  return {};
}

// Whatever is wrong with an answer, the feed must hear of it, else its book would wait for the deadline. The limit
// comes from the request's own words: in recordings it is somebody else's.
Result<void> BinanceAdapter::on_depth_answer(const RestAnswer& answer, const Target& target, EventSink& out,
                                             Commands& todo) {
  auto id = venue_.instruments().find(target.symbol);
  if (!id && offline_ && !target.symbol.empty()) id = venue_.instruments().intern(target.symbol);
  if (!id) return Error{Errc::kUnknownInstrument, fmt::format("symbol {}", target.symbol)};
  if (offline_) bits_of(carried_, *id) |= bit(Dataset::kBook);
  if ((bits_of(carried_, *id) & kBookBits) == 0) {
    out.on_drop("unsubscribed");
    return {};
  }
  BookFeed& book = venue_.state(*id).book;
  FeedContext feed = context(*id, answer.receive_time, out, todo);
  if (answer.status != 0 && answer.status != 200) {
    book.on_snapshot_failed(feed);
    return Error{Errc::kRefused, fmt::format("status {} to {}", answer.status, answer.target)};
  }
  decoder_.snapshot.levels_asked = static_cast<std::size_t>(
      target.limit.value_or(depth_request(venue_.config(), venue_.options().snapshot_levels).levels));
  if (!decoder_.decode_snapshot(answer.body, target.symbol)) {
    book.on_snapshot_failed(feed);
    return decoder_.error();
  }
  if (const auto failed = book.on_snapshot(decoder_.snapshot, feed)) return Error{*failed, target.symbol};
  return {};
}

// One answer is for the whole SUBSCRIBE, so one bad name halts all of its streams; plan() keeps unknown symbols out.
Result<void> BinanceAdapter::on_reply(UnixNanos now, EventSink& out, Commands& todo) {
  const Reply& reply = decoder_.reply;
  const auto found =
      std::find_if(pending_.begin(), pending_.end(), [&](const auto& one) { return one.id == reply.id; });
  std::vector<StreamKey> streams;
  if (found != pending_.end()) {
    streams = std::move(found->streams);
    pending_.erase(found);
  }
  for (const StreamKey stream : streams) {
    if (!carries(stream)) continue;
    if (reply.refused) {
      out.on_state(stream, StreamState::kHalted, "refused");
    } else if (!is_book(stream.dataset)) {
      mark_live(stream, "subscribed", out);
    } else {
      // From here on updates come, so a snapshot of now will join them.
      FeedContext feed = context(stream.instrument, now, out, todo);
      venue_.state(stream.instrument).book.start(feed);
    }
  }
  if (reply.refused) return Error{Errc::kRefused, std::string(reply.text)};
  return {};
}

// Linear in the instruments of this connection: cheaper than a queue of deadlines to keep in step.
void BinanceAdapter::on_time(UnixNanos now, EventSink& out, Commands& todo) {
  for (std::uint32_t i = 0; i < carried_.size(); ++i) {
    if (carried_[i] == 0) continue;
    const InstrumentId id{i};
    InstrumentState& state = venue_.state(id);
    FeedContext feed = context(id, now, out, todo);
    if ((carried_[i] & kBookBits) != 0) todo.wake(state.book.on_time(feed));
    todo.wake(state.trade.on_time({id, Dataset::kTrade}, feed));
    todo.wake(state.trade_agg.on_time({id, Dataset::kTradeAgg}, feed));
  }
  if (!reread_reference_at_) return;
  if (now >= *reread_reference_at_) {
    for (RestRequest& request : venue_.reference_requests()) todo.rest.push_back(std::move(request));
    reread_reference_at_ = now + kRereadReference;
  }
  todo.wake(reread_reference_at_);
}

// What another open connection carries too goes on without a word. The bbo-book goes with its book and is told by it.
void BinanceAdapter::on_close(UnixNanos now, EventSink& out) {
  Commands nothing;  // who is closed asks for nothing
  for (std::uint32_t i = 0; i < carried_.size(); ++i) {
    const InstrumentId id{i};
    for (std::size_t d = 0; d < kDatasetCount; ++d) {
      const StreamKey stream{id, static_cast<Dataset>(d)};
      if (!carries(stream) || stream.dataset == Dataset::kBboBook) continue;
      close_stream(stream, now, out, nothing);
    }
    // A BBO from the book without the book's own stream.
    if ((carried_[i] & kBookBits) == bit(Dataset::kBboBook)) close_stream({id, Dataset::kBboBook}, now, out, nothing);
  }
  carried_.clear();
  live_.clear();
  pending_.clear();
}

// Another connection that carries the stream makes this end silent; only the request for a snapshot died with it.
void BinanceAdapter::close_stream(StreamKey stream, UnixNanos now, EventSink& out, Commands& todo) {
  const bool lost = !venue_.fed_elsewhere(*this, stream);
  InstrumentState& state = venue_.state(stream.instrument);
  FeedContext feed = context(stream.instrument, now, out, todo);
  if (is_book(stream.dataset)) {
    if (lost) {
      state.book.on_lost(feed);
    } else {
      state.book.forget_request();
    }
    return;
  }
  if (!lost) return;
  // A quote is a state: the first one of the next connection is news, whatever its id.
  if (stream.dataset == Dataset::kBbo) state.quote_id.reset();
  if (TradeFeed* trades = state.trades(stream.dataset)) trades->on_lost(stream, feed);
  if (stream.dataset != Dataset::kInstrument) out.on_state(stream, StreamState::kRecovering, "connection");
}

// Which datasets the book is published to is asked anew each time: subscriptions change while books run.
FeedContext BinanceAdapter::context(InstrumentId id, UnixNanos now, EventSink& out, Commands& todo) const {
  return {*this,
          out,
          todo,
          venue_.audit(),
          now,
          !offline_,
          offline_ || carries({id, Dataset::kBook}),
          venue_.options().bbo_from_book || carries({id, Dataset::kBboBook})};
}

void BinanceAdapter::mark_live(StreamKey stream, std::string_view reason, EventSink& out) {
  std::uint32_t& live = bits_of(live_, stream.instrument);
  if ((live & bit(stream.dataset)) != 0) return;
  live |= bit(stream.dataset);
  out.on_state(stream, StreamState::kLive, reason);
}

}  // namespace millrace::normalize::binance

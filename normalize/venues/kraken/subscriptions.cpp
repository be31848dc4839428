#include "normalize/venues/kraken/subscriptions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "schemas/events/time.h"

// The life of a stream:
//
//   add()         kSubscribing   --ack-->             kSilent, or kActive where nothing comes at once (trades)
//                                --refused, passes--> kRetryLater  --5, 10, 30, 60 s--> kSubscribing
//                                --refused-->         kRefused, until it is removed
//   kSilent       --first data-->                     kActive
//   kActive       --wrong checksum, crossed-->        kUnsubscribing, or kResyncLater if it was just done
//                 --audit due-->                      kUnsubscribing; the book stays in use
//   kUnsubscribing --ack, refusal or 10 s-->          kSubscribing
//
// Twice without an answer for 10 s, and the whole connection is given up.
namespace millrace::normalize::kraken {

namespace {

using schemas::StreamState;

// The venue acknowledges within milliseconds; a snapshot follows at once.
constexpr UnixNanos kAnswerDeadline = 10 * kSecond;
// Waits before the 1st, 2nd ... resync in a row. A book that was right for kCalm begins again at the top.
constexpr std::array<UnixNanos, 4> kResyncWaits = {0, 3 * kSecond, 10 * kSecond, 60 * kSecond};
constexpr UnixNanos kCalm = 300 * kSecond;
// Waits after refusals that will pass ("rate limit exceeded").
constexpr std::array<UnixNanos, 4> kRetryWaits = {5 * kSecond, 10 * kSecond, 30 * kSecond, 60 * kSecond};
// No limit is documented; a request of this size stays below 3 KB.
constexpr std::size_t kSymbolsPerRequest = 100;
constexpr int kDefaultDepth = 100;

template <std::size_t N>
UnixNanos step(const std::array<UnixNanos, N>& waits, int count) noexcept {
  return waits[std::min(static_cast<std::size_t>(count), N - 1)];
}

// Is this a refusal that trying again later can cure?
// By the venue's words, since it sends no code: "EService:Unavailable", "Exceeded rate limit" and the like
// (docs.kraken.com, guides/spot-errors). The first letters are left out where their case differs from source to source.
bool will_pass(std::string_view error) noexcept {
  for (const std::string_view sign :
       {"EService:", "EGeneral:Internal", "ate limit", "Throttled", "Too many requests"}) {
    if (error.find(sign) != std::string_view::npos) return true;
  }
  return false;
}

bool is_already_subscribed(std::string_view error) noexcept {
  return error.find("lready subscribed") != std::string_view::npos;
}

// Does a subscribe bring data at once? Trades come when they come.
bool brings_data(Dataset dataset) noexcept { return dataset != Dataset::kTrade; }

}  // namespace

int Subscriptions::book_depth() const noexcept {
  return venue_.options.book_depth != 0 ? venue_.options.book_depth : kDefaultDepth;
}

UnixNanos Subscriptions::audit_interval() const noexcept { return venue_.options.book_audit_s * kSecond; }

Subscriptions::Stream* Subscriptions::find(StreamKey stream) {
  const auto found = streams_.find(key_of(stream));
  return found == streams_.end() ? nullptr : &found->second;
}

// Before anybody subscribed this is a capture: what is in it was wanted by whoever recorded it.
bool Subscriptions::carries(StreamKey stream) const { return !managed_ || streams_.contains(key_of(stream)); }

Dataset Subscriptions::ticker_dataset(InstrumentId id) const {
  return index(id) < bbo_ticker_.size() && bbo_ticker_[index(id)] ? Dataset::kBbo : Dataset::kTicker;
}

int Subscriptions::acked_depth(InstrumentId id) const noexcept {
  return index(id) < depths_.size() ? depths_[index(id)] : 0;
}

// 0 forgets it.
void Subscriptions::set_acked_depth(InstrumentId id, int depth) {
  if (depths_.size() <= index(id)) depths_.resize(index(id) + 1);
  depths_[index(id)] = depth;
}

// From now on the ticker frames of this symbol on this connection are of this dataset.
void Subscriptions::set_ticker_dataset(StreamKey stream) {
  const std::size_t at = index(stream.instrument);
  if (bbo_ticker_.size() <= at) bbo_ticker_.resize(at + 1);
  bbo_ticker_[at] = stream.dataset == Dataset::kBbo;
}

std::vector<StreamKey> Subscriptions::streams() const {
  std::vector<StreamKey> all;
  for (const auto& [key, held] : streams_) all.push_back(stream_of(key));
  return all;
}

// Each stream keeps the id of its last request: a refusal that names no symbol is matched by it.
void Subscriptions::ask(bool subscribe, Dataset dataset, std::span<const StreamKey> streams, Commands& todo) {
  const std::int64_t req_id = request_id(++requests_, dataset);
  std::vector<std::string_view> symbols;
  for (const StreamKey& stream : streams) {
    symbols.push_back(venue_.instruments[stream.instrument].symbol);
    if (Stream* held = find(stream)) held->req_id = req_id;
  }
  todo.send.push_back(text_of({subscribe, dataset, symbols, book_depth(), req_id}));
}

void Subscriptions::ask(bool subscribe, StreamKey stream, Commands& todo) {
  ask(subscribe, stream.dataset, std::span(&stream, 1), todo);
}

// Enters a phase. The shell forgets what it was told by earlier calls, hence the wake-up each time.
void Subscriptions::begin(Stream& held, Phase phase, UnixNanos deadline, Commands& todo) {
  held.phase = phase;
  held.deadline = deadline;
  if (deadline != 0) todo.wake(deadline);
}

void Subscriptions::subscribe_instruments(UnixNanos /*now*/, Commands& todo) {
  ask(true, Dataset::kInstrument, {}, todo);
}

// Collects by dataset first, since one request carries many symbols but one channel and one set of parameters. The
// deadline runs from here: a request that waits for the message rate waits inside it.
void Subscriptions::add(std::span<const Subscription> wanted, UnixNanos now, EventSink& out, Commands& todo) {
  std::map<Dataset, std::vector<StreamKey>> asked;
  for (const Subscription& one : wanted) {
    managed_ = true;
    const StreamKey stream{venue_.instruments.intern(one.symbol), one.dataset};
    if (one.dataset == Dataset::kBboBook) venue_.want_bbo_book(stream.instrument, true);
    if (streams_.contains(key_of(stream))) continue;
    // Derived from the book, or served by the one subscription to all instruments: nothing to ask for.
    const bool asks = one.dataset != Dataset::kBboBook && one.dataset != Dataset::kInstrument;
    const Dataset twin = one.dataset == Dataset::kBbo ? Dataset::kTicker : Dataset::kBbo;
    const bool is_ticker = channel_of(one.dataset) == "ticker";
    if (is_ticker && streams_.contains(key_of({stream.instrument, twin}))) {
      // Their frames could not be told apart on one connection; plan() keeps them apart.
      venue_.set_state(stream, StreamState::kHalted, "conflict", out);
      continue;
    }
    if (is_ticker) set_ticker_dataset(stream);
    Stream& held = streams_[key_of(stream)];
    begin(held, asks ? Phase::kSubscribing : Phase::kActive, asks ? now + kAnswerDeadline : 0, todo);
    if (asks) asked[one.dataset].push_back(stream);
  }
  for (const auto& [dataset, streams] : asked) {
    for (std::size_t at = 0; at < streams.size(); at += kSymbolsPerRequest) {
      ask(true, dataset, std::span(streams).subspan(at, std::min(kSymbolsPerRequest, streams.size() - at)), todo);
    }
  }
}

// The memory of the stream goes with it: should it be wanted again, what was missed in between is no loss.
void Subscriptions::remove(std::span<const Subscription> gone, UnixNanos /*now*/, Commands& todo) {
  for (const Subscription& one : gone) {
    const auto id = venue_.instruments.find(one.symbol);
    if (!id || streams_.erase(key_of({*id, one.dataset})) == 0) continue;
    SymbolState& symbol = venue_.of(*id);
    symbol.states[static_cast<std::size_t>(one.dataset)] = StreamState::kUnspecified;
    if (one.dataset == Dataset::kBboBook) venue_.want_bbo_book(*id, false);
    if (one.dataset == Dataset::kBook) {
      symbol.forget_book();
      set_acked_depth(*id, 0);
    }
    if (one.dataset == Dataset::kTrade) symbol.trades = {};
    if (!channel_of(one.dataset).empty() && one.dataset != Dataset::kInstrument) {
      ask(false, {*id, one.dataset}, todo);
    }
  }
}

// By what the ack says, else by our own mark in its request id, else by what this connection has asked for.
Dataset Subscriptions::ticker_dataset(InstrumentId id, const Reply& reply) const {
  if (!reply.event_trigger.empty()) return reply.event_trigger == "bbo" ? Dataset::kBbo : Dataset::kTicker;
  if (reply.req_id && is_bbo_request(*reply.req_id)) return Dataset::kBbo;
  return ticker_dataset(id);
}

// The stream that an ack names; a symbol not known yet is added, since captures begin with acks.
std::optional<StreamKey> Subscriptions::acked_stream(const Reply& reply) {
  const auto id = venue_.resolve(reply.symbol, "result.symbol");
  if (!id) return std::nullopt;
  if (reply.channel == "book") return StreamKey{*id, Dataset::kBook};
  if (reply.channel == "trade") return StreamKey{*id, Dataset::kTrade};
  if (reply.channel == "ticker") return StreamKey{*id, ticker_dataset(*id, reply)};
  const auto candle = reply.channel == "ohlc" && reply.interval ? candle_of(*reply.interval) : std::nullopt;
  return candle ? std::optional(StreamKey{*id, *candle}) : std::nullopt;
}

// The streams that a refusal is about: of the request it answers, the symbol that it names, be it only in its text;
// else all of that request.
std::vector<StreamKey> Subscriptions::refused_streams(const Reply& reply) const {
  std::vector<StreamKey> asked;
  std::vector<StreamKey> named;
  for (const auto& [key, held] : streams_) {
    const std::string_view symbol = venue_.instruments[stream_of(key).instrument].symbol;
    const bool waits = held.phase == Phase::kSubscribing || held.phase == Phase::kUnsubscribing;
    if (!waits || (reply.req_id && held.req_id != *reply.req_id)) continue;
    asked.push_back(stream_of(key));
    const bool names =
        reply.symbol.empty() ? reply.error.find(symbol) != std::string_view::npos : reply.symbol == symbol;
    if (names) named.push_back(stream_of(key));
  }
  if (!named.empty() || !reply.symbol.empty()) return named;
  return reply.req_id ? asked : named;
}

// Every symbol is answered for itself, so one refused symbol leaves the others of its request as they are.
Result<void> Subscriptions::on_reply(const Reply& reply, UnixNanos now, EventSink& out, Commands& todo) {
  if (reply.success) {
    const auto stream = acked_stream(reply);
    if (!stream) return {};
    if (reply.subscribe) {
      on_ack(*stream, reply, now, out, todo);
    } else {
      on_unsubscribed(*stream, now, todo);
    }
    return {};
  }
  Result<void> verdict;
  for (const StreamKey& stream : refused_streams(reply)) {
    if (!reply.subscribe) {
      // Not subscribed any more, says the venue: as good as an ack.
      on_unsubscribed(stream, now, todo);
    } else if (auto done = on_refusal(stream, reply, now, out, todo); !done) {
      verdict = done;
    }
  }
  return verdict;
}

// An ack promises data; only the data makes the stream live, but for trades, which may be silent for hours.
void Subscriptions::on_ack(StreamKey stream, const Reply& reply, UnixNanos now, EventSink& out, Commands& todo) {
  if (stream.dataset == Dataset::kBook && reply.depth && is_offered_depth(*reply.depth)) {
    set_acked_depth(stream.instrument, static_cast<int>(*reply.depth));
  }
  Stream* held = find(stream);
  if (managed_ && !held) return;  // removed while the ack was under way
  if (channel_of(stream.dataset) == "ticker") set_ticker_dataset(stream);
  const bool waits = brings_data(stream.dataset);
  const StreamState before = venue_.of(stream.instrument).states[static_cast<std::size_t>(stream.dataset)];
  // A recovering book stays so until its snapshot; an audited one is live all the time.
  if (before == StreamState::kUnspecified || before == StreamState::kHalted || !waits) {
    venue_.set_state(stream, waits ? StreamState::kSyncing : StreamState::kLive, waits ? "snapshot" : "live", out);
  }
  if (!held || held->phase != Phase::kSubscribing) return;
  held->retries = 0;
  if (!waits) held->missed = 0;
  begin(*held, waits ? Phase::kSilent : Phase::kActive, waits ? now + kAnswerDeadline : 0, todo);
}

// Nobody unsubscribes but to subscribe again: what is removed for good has no entry any more.
void Subscriptions::on_unsubscribed(StreamKey stream, UnixNanos now, Commands& todo) {
  Stream* held = find(stream);
  if (!held || held->phase != Phase::kUnsubscribing) return;
  begin(*held, Phase::kSubscribing, now + kAnswerDeadline, todo);
  ask(true, stream, todo);
}

// Three kinds: not needed, not now, never. Trying again after a "never" would count against the venue's limits and
// change nothing until the configuration does.
Result<void> Subscriptions::on_refusal(StreamKey stream, const Reply& reply, UnixNanos now, EventSink& out,
                                       Commands& todo) {
  Stream& held = *find(stream);
  if (is_already_subscribed(reply.error)) {
    const bool waits = brings_data(stream.dataset);
    begin(held, waits ? Phase::kSilent : Phase::kActive, waits ? now + kAnswerDeadline : 0, todo);
    return {};
  }
  if (will_pass(reply.error)) {
    begin(held, Phase::kRetryLater, now + step(kRetryWaits, held.retries++), todo);
    venue_.set_state(stream, StreamState::kRecovering, "refused_for_now", out);
    return {};
  }
  begin(held, Phase::kRefused, 0, todo);
  venue_.set_state(stream, StreamState::kHalted, "refused", out);
  const std::string& symbol = venue_.instruments[stream.instrument].symbol;
  return Error{Errc::kRefused, fmt::format("{} {}: {}", name(stream.dataset), symbol, reply.error.substr(0, 200))};
}

// A stream that flows has no deadline: from here on the silence of the whole connection is what counts.
void Subscriptions::on_data(StreamKey stream) {
  Stream* held = find(stream);
  if (!held || (held->phase != Phase::kSilent && held->phase != Phase::kSubscribing)) return;
  held->phase = Phase::kActive;
  held->deadline = 0;
  held->missed = 0;
}

// The count of resyncs goes up even while waiting, so that a venue that always fails us is asked once a minute.
bool Subscriptions::resync(InstrumentId id, UnixNanos now, Commands& todo) {
  const StreamKey stream{id, Dataset::kBook};
  Stream* held = find(stream);
  if (!held || (held->phase != Phase::kActive && held->phase != Phase::kSilent)) return false;
  if (now - held->last_resync > kCalm) held->resyncs = 0;
  const UnixNanos at = held->resyncs == 0 ? now : std::max(now, held->last_resync + step(kResyncWaits, held->resyncs));
  ++held->resyncs;
  held->last_resync = at;
  if (at > now) {
    begin(*held, Phase::kResyncLater, at, todo);
    return true;
  }
  begin(*held, Phase::kUnsubscribing, now + kAnswerDeadline, todo);
  ask(false, stream, todo);
  return true;
}

// The book stays in use until the new snapshot; what it misses in between is declared there.
void Subscriptions::start_audit(StreamKey stream, Stream& held, UnixNanos now, Commands& todo) {
  held.next_audit = now + audit_interval();
  books_.interrupt(stream.instrument, "audit", true);
  begin(held, Phase::kUnsubscribing, now + kAnswerDeadline, todo);
  ask(false, stream, todo);
}

// The phase has waited long enough. One lost request is repeated on the same connection; after a second one the
// connection is not to be trusted, and all its streams begin anew.
void Subscriptions::on_deadline(StreamKey stream, Stream& held, UnixNanos now, Commands& todo) {
  const bool answered_nothing = held.phase == Phase::kSubscribing || held.phase == Phase::kSilent;
  if (answered_nothing && ++held.missed > 1) {
    todo.reconnect = true;
    todo.reason = "silent_subscription";
    return begin(held, held.phase, now + kAnswerDeadline, todo);
  }
  const bool subscribe = held.phase == Phase::kUnsubscribing || held.phase == Phase::kRetryLater;
  begin(held, subscribe ? Phase::kSubscribing : Phase::kUnsubscribing, now + kAnswerDeadline, todo);
  ask(subscribe, stream, todo);
}

// Runs over all streams: that is a few microseconds at the rate of wake-ups, and needs no queue to keep in step.
void Subscriptions::on_time(UnixNanos now, Commands& todo) {
  for (auto& [key, held] : streams_) {
    const StreamKey stream = stream_of(key);
    const bool audited = stream.dataset == Dataset::kBook && audit_interval() > 0;
    if (audited && held.next_audit == 0) {
      // Spread over the second half of the first interval, so that books do not resubscribe all at once.
      const auto share = static_cast<UnixNanos>((index(stream.instrument) * 2654435761U) % 1000);
      held.next_audit = now + audit_interval() / 2 + audit_interval() / 2000 * share;
    }
    if (held.deadline != 0 && held.deadline <= now) on_deadline(stream, held, now, todo);
    if (audited && held.phase == Phase::kActive && held.next_audit <= now) start_audit(stream, held, now, todo);
    if (held.deadline != 0) todo.wake(held.deadline);
    if (audited && held.phase == Phase::kActive) todo.wake(held.next_audit);
  }
}

}  // namespace millrace::normalize::kraken

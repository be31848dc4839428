#include "tests/sim/venues/kraken_flow.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "tests/sim/market/number.h"

namespace millrace::sim {

namespace {

std::size_t index(Side side) noexcept { return static_cast<std::size_t>(side); }

void copy_best(const Ladder& ladder, std::size_t count, std::vector<Level>& out) {
  out.clear();
  for (std::size_t i = 0; i < std::min(count, ladder.size()); ++i) out.push_back(ladder.at(i));
}

}  // namespace

KrakenFlow::KrakenFlow(std::vector<Instrument> instruments, std::uint64_t seed, std::size_t levels, Limits limits,
                       Clock clock, Outbox& outbox)
    : KrakenVenue(instruments, limits, std::move(clock), outbox), flow_(std::move(instruments), seed, levels) {}

KrakenFlow::Window KrakenFlow::window_of(const Book& book, int depth) const {
  Window window;
  for (const Side side : {Side::kBid, Side::kAsk}) {
    const Ladder& ladder = book.side(side);
    const auto shown = static_cast<std::size_t>(depth);
    if (ladder.size() >= shown) window.edge[index(side)] = ladder.at(shown - 1).price;
  }
  return window;
}

std::size_t KrakenFlow::step() {
  const std::size_t instrument = flow_.pick();
  const Market& market = flow_.markets()[instrument];
  const auto first = streams().lower_bound(Stream{instrument, Channel::kControl, 0});
  const auto last = streams().lower_bound(Stream{instrument + 1, Channel::kControl, 0});

  std::map<int, Window> before;
  for (auto at = first; at != last; ++at) {
    if (at->first.channel == Channel::kBook) before[at->first.detail] = window_of(market.book, at->first.detail);
  }
  const std::uint32_t old_checksum = before.empty() ? 0 : kraken::checksum(market.book);
  const Step& step = flow_.advance(instrument, now());
  const std::uint32_t checksum = before.empty() ? 0 : kraken::checksum(market.book);

  std::size_t sent = 0;
  for (auto at = first; at != last; ++at) {
    if (at->first.channel != Channel::kBook) continue;
    const Window& window = before[at->first.detail];
    sent += send_book(at->first, at->second, step, window, checksum, checksum != old_checksum) ? 1 : 0;
  }
  const Tag quote{.channel = Channel::kQuote, .symbol = market.instrument.symbol};
  const Clients* quoted = clients_of({instrument, Channel::kQuote, 0});
  if (step.best_changed && quoted != nullptr) {
    text_.clear();
    kraken::append_ticker(text_, "update", market, now());
    broadcast(*quoted, text_, quote);
    ++sent;
  }
  return sent + (step.print ? send_print(first, last, step) : 0);
}

// Rows for one side: what changed inside the old or the new window, then what came into view because something went.
void KrakenFlow::select_rows(const Ladder& ladder, Side side, const Step& step, const Window& before,
                             const Window& after) {
  std::vector<Level>& rows = side == Side::kBid ? bids_ : asks_;
  rows.clear();
  const auto& old_edge = before.edge[index(side)];
  const auto& new_edge = after.edge[index(side)];
  const auto inside = [&](const std::optional<std::int64_t>& edge, std::int64_t price) {
    return !edge || !ladder.better(*edge, price);
  };
  for (const Change& change : step.changes) {
    if (change.side != side) continue;
    // A price may change twice in a step; whether it shows is decided by where it ends, and then all its rows go out.
    const bool gone = ladder.quantity_at(change.price) == 0;
    if (inside(gone ? old_edge : new_edge, change.price)) rows.push_back({change.price, change.quantity});
  }
  if (!old_edge) return;
  const auto changed = [&](std::int64_t price) {
    return std::any_of(step.changes.begin(), step.changes.end(),
                       [&](const Change& change) { return change.side == side && change.price == price; });
  };
  for (std::size_t i = ladder.rank(*old_edge); i < ladder.size() && inside(new_edge, ladder.at(i).price); ++i) {
    const Level& level = ladder.at(i);
    if (ladder.better(*old_edge, level.price) && !changed(level.price)) rows.push_back(level);
  }
}

bool KrakenFlow::send_book(const Stream& stream, const Clients& clients, const Step& step, const Window& before,
                           std::uint32_t checksum, bool top_changed) {
  const Market& market = flow_.markets()[stream.instrument];
  const Window after = window_of(market.book, stream.detail);
  select_rows(market.book.side(Side::kBid), Side::kBid, step, before, after);
  select_rows(market.book.side(Side::kAsk), Side::kAsk, step, before, after);
  if (bids_.empty() && asks_.empty()) return false;
  text_.clear();
  kraken::append_book(text_, "update", market.instrument, bids_, asks_, checksum, now());
  broadcast(clients, text_,
            {.channel = Channel::kBook, .symbol = market.instrument.symbol, .top_changed = top_changed});
  return true;
}

std::size_t KrakenFlow::send_print(Streams::const_iterator first, Streams::const_iterator last, const Step& step) {
  const Market& market = flow_.markets()[step.instrument];
  const Print& print = *step.print;
  std::size_t sent = 0;
  for (auto at = first; at != last; ++at) {
    Tag tag{.channel = at->first.channel, .symbol = market.instrument.symbol};
    text_.clear();
    if (at->first.channel == Channel::kTicker) {
      kraken::append_ticker(text_, "update", market, now());
    } else if (at->first.channel == Channel::kTrade) {
      tag.first_id = tag.last_id = print.id;
      kraken::append_trades(text_, "update", market.instrument, std::span(&print, 1));
    } else if (at->first.channel == Channel::kCandle) {
      kraken::Bar& bar = bars_[at->first];
      bar.minutes = at->first.detail;
      bar.add(print);
      kraken::append_ohlc(text_, "update", market.instrument, bar, now());
    } else {
      continue;
    }
    broadcast(at->second, text_, tag);
    ++sent;
  }
  return sent;
}

void KrakenFlow::on_subscribed(ClientId client, const Stream& stream, bool snapshot) {
  if (!snapshot) return;
  const Market& market = flow_.markets()[stream.instrument];
  Tag tag{.channel = stream.channel, .symbol = market.instrument.symbol, .snapshot = true};
  text_.clear();
  if (stream.channel == Channel::kBook) {
    copy_best(market.book.side(Side::kBid), static_cast<std::size_t>(stream.detail), bids_);
    copy_best(market.book.side(Side::kAsk), static_cast<std::size_t>(stream.detail), asks_);
    kraken::append_book(text_, "snapshot", market.instrument, bids_, asks_, kraken::checksum(market.book), now());
  } else if (stream.channel == Channel::kTrade) {
    const std::vector<Print> prints(market.recent.begin(), market.recent.end());
    if (!prints.empty()) tag.first_id = prints.front().id, tag.last_id = prints.back().id;
    tag.records = static_cast<int>(prints.size());
    kraken::append_trades(text_, "snapshot", market.instrument, prints);
  } else if (stream.channel == Channel::kCandle) {
    kraken::Bar& bar = bars_[stream];
    if (bar.trades == 0) return;
    kraken::append_ohlc(text_, "snapshot", market.instrument, bar, now());
  } else {
    kraken::append_ticker(text_, "snapshot", market, now());
  }
  send(client, text_, tag);
}

std::string KrakenFlow::depth_body(std::size_t instrument, std::size_t count) {
  const Market& market = flow_.markets()[instrument];
  const Instrument& one = market.instrument;
  std::string body = fmt::format(R"({{"error":[],"result":{{"{}":{{)", kraken::rest_names(one).key);
  for (const Side side : {Side::kAsk, Side::kBid}) {
    body += side == Side::kAsk ? R"("asks":[)" : R"(],"bids":[)";
    const Ladder& ladder = market.book.side(side);
    for (std::size_t i = 0; i < std::min(count, ladder.size()); ++i) {
      fmt::format_to(std::back_inserter(body), R"({}["{}","{}",{}])", i == 0 ? "" : ",",
                     fixed(ladder.at(i).price, one.price_decimals), fixed(ladder.at(i).quantity, one.quantity_decimals),
                     now() / 1'000'000'000);
    }
  }
  return body + "]}}}";
}

}  // namespace millrace::sim

#include "tests/sim/venues/binance_mix.h"

#include <fmt/format.h>

#include <algorithm>

#include "tests/sim/market/number.h"
#include "tests/sim/net/client.h"

namespace millrace::sim {

namespace {

// Ids start where they will not grow a digit for years of running.
constexpr std::int64_t kFirstUpdate = 20'000'000'000;
constexpr std::int64_t kFirstTrade = 3'000'000'000;
constexpr std::int64_t kIdsPerDepth = 8;
constexpr std::int64_t kIdsPerRound = kIdsPerDepth * 16;
constexpr std::int64_t kTradesPerRound = 8;
constexpr std::int64_t kAnyTime = 1'700'000'000'000;  // its digits are written over
constexpr std::size_t kGroup = 10;                    // levels of a group; a depth message has two groups a side

void overwrite(char* digits, std::int64_t value) noexcept {
  // Same number of digits as before, by choice of the first ids.
  char* end = digits;
  while (*end >= '0' && *end <= '9') ++end;
  for (char* at = end; at != digits; value /= 10) *--at = static_cast<char>('0' + value % 10);
}

}  // namespace

BinanceMix::BinanceMix(std::vector<Instrument> instruments, std::uint64_t seed, std::size_t levels, Limits limits,
                       Clock clock, Outbox& outbox)
    : BinanceVenue(binance::Product::kSpot, std::move(instruments), limits, std::move(clock), outbox), engine_(seed) {
  std::vector<Script> scripts;
  for (std::size_t i = 0; i < this->instruments().size(); ++i) {
    motions_.push_back(make_motion(this->instruments()[i], std::max<std::size_t>(levels, 200)));
    scripts.push_back(write_script(i, motions_.back()));
  }
  merge(std::move(scripts));
}

BinanceMix::Motion BinanceMix::make_motion(const Instrument& instrument, std::size_t levels) {
  Motion motion;
  const std::int64_t unit = power_of_ten(instrument.quantity_decimals);
  for (const int side : {0, 1}) {
    for (std::size_t i = 0; i < levels; ++i) {
      const std::int64_t distance = static_cast<std::int64_t>(i) + 1;
      const std::int64_t price = side == 0 ? instrument.start_price - distance : instrument.start_price + distance;
      const auto quantity = unit + static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(unit * 40));
      if (price > 0) motion.base[static_cast<std::size_t>(side)].push_back({price, quantity});
    }
  }
  for (int phase = 0; phase < kPhases; ++phase) {
    motion.groups.push_back(
        {make_group(motion.base[0], instrument, phase), make_group(motion.base[1], instrument, phase)});
  }
  motion.phase = kPhases - 1;
  motion.id = kFirstUpdate;
  return motion;
}

// Ten levels among the best hundred: even phases change even places, odd phases odd ones, so that no level is in two
// neighbouring groups. The best level belongs to every even group.
std::vector<Level> BinanceMix::make_group(const std::vector<Level>& base, const Instrument& instrument, int phase) {
  const std::int64_t unit = power_of_ten(instrument.quantity_decimals);
  std::vector<std::size_t> places;
  for (std::size_t place = static_cast<std::size_t>(phase % 2); place < 100; place += 2) places.push_back(place);
  std::shuffle(places.begin() + 1, places.end(), engine_);
  std::vector<Level> group;
  for (std::size_t i = 0; i < kGroup; ++i) {
    const bool gone = engine_() % 10 < 3;
    const auto quantity = unit + static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(unit * 40));
    group.push_back({base[places[i]].price, gone ? 0 : quantity});
  }
  return group;
}

Book BinanceMix::book_of(const Motion& motion, int phase) const {
  Book book;
  for (const Side side : {Side::kBid, Side::kAsk}) {
    const auto index = static_cast<std::size_t>(side);
    Ladder& ladder = book.side(side);
    // Worst first: the array grows at its end.
    for (auto at = motion.base[index].rbegin(); at != motion.base[index].rend(); ++at) {
      ladder.set(at->price, at->quantity);
    }
    for (const Level& level : motion.groups[static_cast<std::size_t>(phase)][index]) {
      ladder.set(level.price, level.quantity);
    }
  }
  return book;
}

// Ten messages per two phases: three quotes, a trade, another quote in place; u of the quote after a depth message is
// that message's own, where quote and book must agree.
BinanceMix::Script BinanceMix::write_script(std::size_t instrument, const Motion& motion) {
  Script script;
  std::int64_t id = kFirstUpdate;
  std::int64_t trade = kFirstTrade;
  for (int phase = 0; phase < kPhases; ++phase) {
    const Book before = book_of(motion, (phase + kPhases - 1) % kPhases);
    const Book after = book_of(motion, phase);
    const int quotes = phase % 2 == 0 ? 3 : 2;
    for (int i = 0; i < quotes; ++i) write_quote(script, instrument, before, id + 1 + i, false);
    if (phase % 2 == 0) write_trade(script, instrument, before, trade++);
    write_depth(script, instrument, motion, phase, id + 1);
    id += kIdsPerDepth;
    write_quote(script, instrument, after, id, true);
  }
  return script;
}

void BinanceMix::write_quote(Script& script, std::size_t instrument, const Book& book, std::int64_t id, bool exact) {
  Level bid = book.side(Side::kBid).at(0);
  Level ask = book.side(Side::kAsk).at(0);
  // Between two depth messages the best quantities move, and the next message has what they came to.
  if (!exact) bid.quantity += static_cast<std::int64_t>(engine_() % 1'000'000);
  if (!exact) ask.quantity += static_cast<std::int64_t>(engine_() % 1'000'000);
  Frame frame;
  frame.instrument = static_cast<std::uint32_t>(instrument);
  frame.channel = Channel::kQuote;
  frame.patches[0] = {Patch::Kind::kNumber, 0, id, kIdsPerRound};
  std::string text;
  binance::append_book_ticker(text, {product(), &instruments()[instrument], kAnyTime}, id, bid, ask);
  script.payloads.push_back(std::move(text));
  script.frames.push_back(frame);
}

void BinanceMix::write_depth(Script& script, std::size_t instrument, const Motion& motion, int phase,
                             std::int64_t first) {
  const auto previous = static_cast<std::size_t>((phase + kPhases - 1) % kPhases);
  std::array<std::vector<Level>, 2> rows;
  for (const Side side : {Side::kBid, Side::kAsk}) {
    const auto index = static_cast<std::size_t>(side);
    rows[index] = motion.groups[static_cast<std::size_t>(phase)][index];
    for (const Level& changed : motion.groups[previous][index]) {
      const auto restored = std::find_if(motion.base[index].begin(), motion.base[index].end(),
                                         [&](const Level& level) { return level.price == changed.price; });
      rows[index].push_back(*restored);
    }
    std::sort(rows[index].begin(), rows[index].end(), [side](const Level& a, const Level& b) {
      return side == Side::kBid ? a.price > b.price : a.price < b.price;
    });
  }
  const std::int64_t last = first + kIdsPerDepth - 1;
  Frame frame;
  frame.instrument = static_cast<std::uint32_t>(instrument);
  frame.channel = Channel::kBook;
  frame.phase = static_cast<std::int16_t>(phase);
  frame.patches[0] = {Patch::Kind::kMilliseconds, 0, 0, 0};
  frame.patches[1] = {Patch::Kind::kNumber, 0, first, kIdsPerRound};
  frame.patches[2] = {Patch::Kind::kNumber, 0, last, kIdsPerRound};
  std::string text;
  binance::append_depth(text, {product(), &instruments()[instrument], kAnyTime}, {first, last, first - 1}, rows[0],
                        rows[1]);
  script.payloads.push_back(std::move(text));
  script.frames.push_back(frame);
}

void BinanceMix::write_trade(Script& script, std::size_t instrument, const Book& book, std::int64_t id) {
  const Side hit = id % 2 == 0 ? Side::kBid : Side::kAsk;
  const Print print{id, book.side(hit).at(0).price, 1 + static_cast<std::int64_t>(engine_() % 50'000'000),
                    kAnyTime * 1'000'000, hit == Side::kBid};
  Frame frame;
  frame.instrument = static_cast<std::uint32_t>(instrument);
  frame.channel = Channel::kTrade;
  frame.patches[0] = {Patch::Kind::kMilliseconds, 0, 0, 0};
  frame.patches[1] = {Patch::Kind::kNumber, 0, id, kTradesPerRound};
  frame.patches[2] = {Patch::Kind::kMilliseconds, 0, 1, 0};
  std::string text;
  binance::append_trade(text, {product(), &instruments()[instrument], kAnyTime}, print);
  script.payloads.push_back(std::move(text));
  script.frames.push_back(frame);
}

// Instruments take turns at random, each keeping its own order.
void BinanceMix::merge(std::vector<Script> scripts) {
  std::vector<std::size_t> turns;
  for (std::size_t i = 0; i < scripts.size(); ++i) turns.insert(turns.end(), scripts[i].frames.size(), i);
  std::shuffle(turns.begin(), turns.end(), engine_);
  std::vector<std::size_t> progress(scripts.size());
  ring_.reserve(turns.size());
  for (const std::size_t turn : turns) append(scripts[turn], progress[turn]++);
}

void BinanceMix::append(const Script& script, std::size_t index) {
  static constexpr std::array<std::string_view, 3> kQuoteKeys{"\"u\":", "", ""};
  static constexpr std::array<std::string_view, 3> kDepthKeys{"\"E\":", "\"U\":", "\"u\":"};
  static constexpr std::array<std::string_view, 3> kTradeKeys{"\"E\":", "\"t\":", "\"T\":"};
  Frame frame = script.frames[index];
  const bool quote = frame.channel == Channel::kQuote;
  const bool book = frame.channel == Channel::kBook;
  std::string symbol = instruments()[frame.instrument].symbol;
  std::transform(symbol.begin(), symbol.end(), symbol.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  const std::string start =
      fmt::format(R"({{"stream":"{}@{}","data":)", symbol, quote ? "bookTicker" : (book ? "depth@100ms" : "trade"));
  const std::string text = start + script.payloads[index] + "}";
  frame.offset = arena_.size();
  append_frame(arena_, text);
  frame.size = static_cast<std::uint32_t>(arena_.size() - frame.offset);
  frame.header = static_cast<std::uint16_t>(frame.size - text.size());
  frame.prefix = static_cast<std::uint16_t>(start.size());
  const auto& keys = quote ? kQuoteKeys : (book ? kDepthKeys : kTradeKeys);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].empty()) continue;
    frame.patches[i].at = static_cast<std::uint16_t>(frame.header + text.find(keys[i], start.size()) + keys[i].size());
  }
  ring_.push_back(frame);
}

void BinanceMix::patch(const Frame& frame) {
  char* const bytes = arena_.data() + frame.offset;
  for (const Patch& one : frame.patches) {
    if (one.kind == Patch::Kind::kNumber) overwrite(bytes + one.at, one.base + round_ * one.stride);
    if (one.kind == Patch::Kind::kMilliseconds) overwrite(bytes + one.at, now_ms_);
  }
}

std::size_t BinanceMix::step() {
  // One look at the clock for a few messages: a millisecond is all that is shown.
  if (next_ % 16 == 0 || now_ms_ == 0) now_ms_ = now() / 1'000'000;
  const Frame& frame = ring_[next_];
  bool sent = false;
  for (const Stream* stream : streams_of(frame.instrument)) {
    if (stream->channel != frame.channel || stream->clients.empty()) continue;
    if (!sent) patch(frame);
    sent |= send(frame, *stream);
  }
  if (frame.channel == Channel::kBook) {
    Motion& motion = motions_[frame.instrument];
    motion.phase = frame.phase;
    motion.id = frame.patches[2].base + round_ * kIdsPerRound;
  }
  if (++next_ == ring_.size()) {
    next_ = 0;
    ++round_;
  }
  return sent ? 1 : 0;
}

bool BinanceMix::send(const Frame& frame, const Stream& stream) {
  const std::string_view bytes(arena_.data() + frame.offset, frame.size);
  const std::string_view text = bytes.substr(frame.header);
  // The stream's name in the frame is the usual one; whoever asked by another (depth at another speed) or wants no
  // wrapper gets the payload the slow way.
  const bool as_named = text.substr(11).starts_with(stream.name) && text[11 + stream.name.size()] == '"';
  const std::string_view payload = text.substr(frame.prefix, text.size() - frame.prefix - 1);
  if (!as_named) return publish(stream, payload, {.channel = frame.channel});
  for (const ClientId client : stream.clients) {
    if (combined(client)) {
      outbox().send_framed(client, bytes);
    } else {
      outbox().send(client, payload, {.channel = frame.channel});
    }
  }
  return true;
}

void BinanceMix::depth(std::size_t instrument, std::size_t levels, HttpAnswer base, HttpReply reply) {
  const Motion& motion = motions_[instrument];
  base.body.clear();
  binance::append_depth_snapshot(base.body, source(instrument), motion.id, book_of(motion, motion.phase), levels);
  reply(std::move(base));
}

}  // namespace millrace::sim

#include "tests/sim/venues/binance_replay.h"

namespace millrace::sim {

namespace {
constexpr int kLinesAtOnce = 512;
constexpr std::int64_t kWaitForRequest = 5'000'000'000;
}  // namespace

BinanceReplay::BinanceReplay(binance::Product product, std::vector<Instrument> instruments, Playback playback,
                             Limits limits, Clock clock, Outbox& outbox)
    : BinanceVenue(product, std::move(instruments), limits, std::move(clock), outbox),
      playback_(std::move(playback)),
      snapshots_(this->instruments().size()) {
  for (std::size_t i = 0; i < this->instruments().size(); ++i) {
    const Instrument& one = this->instruments()[i];
    by_symbol_[one.symbol] = i;
    snapshots_[i].book = TrackedBook(one.price_decimals, one.quantity_decimals);
  }
  for (const RecordedLine& line : playback_.recording().lines) {
    const std::size_t instrument = find_symbol(line.symbol);
    if (line.rest && instrument != kUnknown) ++snapshots_[instrument].to_come;
  }
}

std::size_t BinanceReplay::find_symbol(const std::string& symbol) const {
  const auto found = by_symbol_.find(symbol);
  return found == by_symbol_.end() ? kUnknown : found->second;
}

PlayState BinanceReplay::play() {
  for (int i = 0; i < kLinesAtOnce && !outbox().crowded(); ++i) {
    const std::int64_t when = now();
    const RecordedLine* line = playback_.due(when);
    if (line == nullptr) break;
    const std::size_t instrument = find_symbol(line->symbol);
    if (line->rest && instrument != kUnknown && hold(instrument, when)) break;
    if (instrument != kUnknown) line->rest ? pass_snapshot(instrument, *line) : send_line(instrument, *line);
    playback_.advance(when);
  }
  return playback_.ended() ? PlayState::kEnded : PlayState::kPlaying;
}

Profile BinanceReplay::profile() const {
  return {.datasets = datasets(playback_.recording()), .snapshot_levels = 1000};
}

// Is somebody building this book who has not asked yet? Then what follows the snapshot must wait.
bool BinanceReplay::hold(std::size_t instrument, std::int64_t now_ns) const {
  if (!snapshots_[instrument].waiting.empty() || playback_.waited(now_ns) > kWaitForRequest) return false;
  for (const Stream* stream : streams_of(instrument)) {
    if (stream->channel == Channel::kBook && !stream->clients.empty()) return true;
  }
  return false;
}

void BinanceReplay::pass_snapshot(std::size_t instrument, const RecordedLine& line) {
  Snapshots& snapshots = snapshots_[instrument];
  --snapshots.to_come;
  snapshots.book.load(line.text);
  if (snapshots.waiting.empty()) {
    snapshots.unclaimed = line.text;
    return;
  }
  const auto waiting = std::exchange(snapshots.waiting, {});
  for (auto [answer, reply] : waiting) {
    answer.body = line.text;
    reply(std::move(answer));
  }
}

void BinanceReplay::send_line(std::size_t instrument, const RecordedLine& line) {
  const Instrument& one = instruments()[instrument];
  if (line.channel == Channel::kBook) snapshots_[instrument].book.apply(line.text);
  const Tag tag{.channel = line.channel, .symbol = one.symbol, .first_id = line.first_id, .last_id = line.last_id};
  // {"stream":"..","data":PAYLOAD}
  const std::string_view text = line.text;
  const auto data = text.find("\"data\":") + 7;
  const std::string_view payload = text.substr(data, text.rfind('}') - data);
  for (const Stream* stream : streams_of(instrument)) {
    if (stream->channel != line.channel) continue;
    if (stream->channel == Channel::kCandle && stream->detail != line.detail) continue;
    publish(*stream, payload, tag);
  }
}

void BinanceReplay::on_subscribed(ClientId client, const Stream& stream) {
  if (routed(client, stream.channel)) {
    playback_.on_subscribed(stream.channel, instruments()[stream.instrument].symbol, now());
  }
}

void BinanceReplay::depth(std::size_t instrument, std::size_t levels, HttpAnswer base, HttpReply reply) {
  Snapshots& snapshots = snapshots_[instrument];
  if (!snapshots.unclaimed.empty()) {
    base.body = std::exchange(snapshots.unclaimed, {});
    return reply(std::move(base));
  }
  if (snapshots.to_come > 0 && !snapshots.book.loaded()) {
    snapshots.waiting.emplace_back(std::move(base), std::move(reply));
    return;
  }
  base.body.clear();
  binance::append_depth_snapshot(base.body, source(instrument), snapshots.book.last_id(), snapshots.book.book(),
                                 levels);
  reply(std::move(base));
}

}  // namespace millrace::sim

#include "tests/sim/venues/kraken_replay.h"

#include <charconv>

namespace millrace::sim {

namespace {
constexpr int kLinesAtOnce = 512;
}

KrakenReplay::KrakenReplay(std::vector<Instrument> instruments, Playback playback, Limits limits, Clock clock,
                           Outbox& outbox)
    : KrakenVenue(std::move(instruments), limits, std::move(clock), outbox), playback_(std::move(playback)) {}

PlayState KrakenReplay::play() {
  for (int i = 0; i < kLinesAtOnce && !outbox().crowded(); ++i) {
    const RecordedLine* line = playback_.due(now());
    if (line == nullptr) break;
    if (!line->rest) send_line(*line);
    playback_.advance(now());
  }
  return playback_.ended() ? PlayState::kEnded : PlayState::kPlaying;
}

Profile KrakenReplay::profile() const {
  const auto& depths = playback_.recording().kraken_depths;
  return {.datasets = datasets(playback_.recording()), .book_depth = depths.empty() ? 0 : depths.begin()->second};
}

void KrakenReplay::send_line(const RecordedLine& line) {
  const std::size_t instrument = find(line.symbol);
  const Tag tag{.channel = line.channel,
                .symbol = instrument == kUnknown ? std::string_view{} : instruments()[instrument].symbol,
                .first_id = line.first_id,
                .last_id = line.last_id,
                .snapshot = line.snapshot};
  int minutes = 0;
  std::from_chars(line.detail.data(), line.detail.data() + line.detail.size(), minutes);
  for (const auto& [stream, clients] : streams()) {
    if (stream.instrument != instrument || stream.channel != line.channel) continue;
    if (stream.channel == Channel::kCandle && stream.detail != minutes) continue;
    for (const ClientId client : clients) {
      if (line.channel == Channel::kBook && line.snapshot) synced_.emplace(client, instrument);
      if (line.channel == Channel::kBook && !synced_.contains({client, instrument})) continue;
      send(client, line.text, tag);
    }
  }
}

void KrakenReplay::on_subscribed(ClientId client, const Stream& stream, bool) {
  synced_.erase({client, stream.instrument});
  playback_.on_subscribed(stream.channel, instruments()[stream.instrument].symbol, now());
}

void KrakenReplay::on_unsubscribed(ClientId client, const Stream& stream) {
  if (stream.channel == Channel::kBook) synced_.erase({client, stream.instrument});
}

std::string KrakenReplay::depth_body(std::size_t, std::size_t) { return R"({"error":["EService:Unavailable"]})"; }

int KrakenReplay::granted_depth(std::size_t instrument, int asked) const {
  const auto& depths = playback_.recording().kraken_depths;
  const auto recorded = depths.find(instruments()[instrument].symbol);
  return recorded == depths.end() ? asked : recorded->second;
}

}  // namespace millrace::sim

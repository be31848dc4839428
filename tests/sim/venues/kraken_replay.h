#pragma once

#include <set>
#include <string>
#include <utility>

#include "tests/sim/capture/playback.h"
#include "tests/sim/venues/kraken.h"

namespace millrace::sim {

// Kraken from a recording. Acks, heartbeats and the instrument channel are made here; book, ticker, trade and ohlc are
// the recorded texts. Who resubscribes to a book gets nothing of it before the recording's next snapshot.
class KrakenReplay final : public KrakenVenue {
 public:
  KrakenReplay(std::vector<Instrument> instruments, Playback playback, Limits limits, Clock clock, Outbox& outbox);

  std::size_t step() override { return 0; }
  PlayState play() override;
  Profile profile() const override;

 protected:
  void on_subscribed(ClientId client, const Stream& stream, bool snapshot) override;
  void on_unsubscribed(ClientId client, const Stream& stream) override;
  std::string depth_body(std::size_t instrument, std::size_t count) override;
  int granted_depth(std::size_t instrument, int asked) const override;

 private:
  void send_line(const RecordedLine& line);

  Playback playback_;
  std::set<std::pair<ClientId, std::size_t>> synced_;  // has had a snapshot since it subscribed
};

}  // namespace millrace::sim

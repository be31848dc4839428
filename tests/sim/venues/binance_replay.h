#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/sim/capture/playback.h"
#include "tests/sim/capture/tracked_book.h"
#include "tests/sim/venues/binance.h"

namespace millrace::sim {

// Binance from a recording. Streams are the recorded texts; a depth request is answered with the recorded snapshot,
// once playback has passed its line, and playback waits there a while for the request. Later requests for the same
// symbol get the book as the recording has moved it since, so that a client can resynchronize.
class BinanceReplay final : public BinanceVenue {
 public:
  BinanceReplay(binance::Product product, std::vector<Instrument> instruments, Playback playback, Limits limits,
                Clock clock, Outbox& outbox);

  std::size_t step() override { return 0; }
  PlayState play() override;
  Profile profile() const override;

 protected:
  void on_subscribed(ClientId client, const Stream& stream) override;
  void depth(std::size_t instrument, std::size_t levels, HttpAnswer base, HttpReply reply) override;

 private:
  // What depth requests for one instrument get.
  struct Snapshots {
    std::vector<std::pair<HttpAnswer, HttpReply>> waiting;  // for the next recorded snapshot
    std::string unclaimed;                                  // passed, but nobody has asked for it yet
    std::size_t to_come = 0;
    TrackedBook book;
  };

  bool hold(std::size_t instrument, std::int64_t now_ns) const;
  void pass_snapshot(std::size_t instrument, const RecordedLine& line);
  void send_line(std::size_t instrument, const RecordedLine& line);
  std::size_t find_symbol(const std::string& symbol) const;

  Playback playback_;
  std::map<std::string, std::size_t> by_symbol_;
  std::vector<Snapshots> snapshots_;
};

}  // namespace millrace::sim

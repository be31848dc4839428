#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/sim/market/flow.h"
#include "tests/sim/venues/binance.h"

namespace millrace::sim {

// Binance with generated order flow: quotes and trades at once, depth in batches. Every depth speed gets the same
// batches.
class BinanceFlow final : public BinanceVenue {
 public:
  BinanceFlow(binance::Product product, std::vector<Instrument> instruments, std::uint64_t seed, std::size_t levels,
              Limits limits, Clock clock, Outbox& outbox);

  std::size_t step() override;
  void on_second() override;
  const Flow& flow() const noexcept { return flow_; }
  Flow& flow() noexcept { return flow_; }

 protected:
  void depth(std::size_t instrument, std::size_t levels, HttpAnswer base, HttpReply reply) override;

 private:
  // Changes of one instrument that no depth message has carried yet.
  struct Batch {
    std::int64_t first_id = 0;  // 0 = nothing waits
    std::int64_t flushed_id = 0;
    std::vector<Change> changes;
  };

  std::size_t send_quote(const Step& step);
  std::size_t send_print(const Step& step);
  std::size_t send_batch(std::size_t instrument);
  std::size_t send_kline(const Stream& stream, const Print& print);
  // A payload to all streams of one channel.
  std::size_t send_channel(std::size_t instrument, Channel channel, const Tag& tag);

  Flow flow_;
  std::vector<Batch> batches_;
  std::map<std::string, binance::Candle> candles_;  // by stream name
  std::vector<Level> bids_, asks_;                  // rows of the message being made
  std::string text_;
};

}  // namespace millrace::sim

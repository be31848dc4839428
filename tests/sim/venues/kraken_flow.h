#pragma once

#include <array>
#include <map>

#include "tests/sim/market/flow.h"
#include "tests/sim/venues/kraken.h"
#include "tests/sim/venues/kraken_messages.h"

namespace millrace::sim {

// Kraken with generated order flow: every change goes out at once, to each subscribed depth as that depth sees it.
class KrakenFlow final : public KrakenVenue {
 public:
  KrakenFlow(std::vector<Instrument> instruments, std::uint64_t seed, std::size_t levels, Limits limits, Clock clock,
             Outbox& outbox);

  std::size_t step() override;
  const Flow& flow() const noexcept { return flow_; }
  Flow& flow() noexcept { return flow_; }

 protected:
  void on_subscribed(ClientId client, const Stream& stream, bool snapshot) override;
  std::string depth_body(std::size_t instrument, std::size_t count) override;

 private:
  // The worst price that a subscription of one depth shows, a side; absent while it shows the whole side.
  struct Window {
    std::array<std::optional<std::int64_t>, 2> edge;
  };
  using Streams = std::map<Stream, Clients>;

  Window window_of(const Book& book, int depth) const;
  void select_rows(const Ladder& ladder, Side side, const Step& step, const Window& before, const Window& after);
  bool send_book(const Stream& stream, const Clients& clients, const Step& step, const Window& before,
                 std::uint32_t checksum, bool top_changed);
  std::size_t send_print(Streams::const_iterator first, Streams::const_iterator last, const Step& step);

  Flow flow_;
  std::map<Stream, kraken::Bar> bars_;
  std::vector<Level> bids_, asks_;  // rows of the message being made
  std::string text_;
};

}  // namespace millrace::sim

#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "tests/sim/venues/binance.h"

namespace millrace::sim {

// The benchmark's load on Binance spot: 70 % bookTicker, 20 % depth with 20 + 20 levels, 10 % trade, 394 bytes on
// average. All frames are made once, into a ring; when one is sent, only its ids and times are written over. The ring
// closes: after its last message every book is where it was before the first, so that ids, books and quotes stay
// consistent for ever. Faults of messages do not touch these frames.
class BinanceMix final : public BinanceVenue {
 public:
  BinanceMix(std::vector<Instrument> instruments, std::uint64_t seed, std::size_t levels, Limits limits, Clock clock,
             Outbox& outbox);

  // Sends the next message of the ring.
  std::size_t step() override;
  std::size_t ring_size() const noexcept { return ring_.size(); }
  std::size_t ring_bytes() const noexcept { return arena_.size(); }

 protected:
  void depth(std::size_t instrument, std::size_t levels, HttpAnswer base, HttpReply reply) override;

 private:
  // Digits to write over before sending: `base` plus `stride` for each time round the ring.
  struct Patch {
    enum class Kind : std::uint8_t { kNone, kNumber, kMilliseconds };
    Kind kind = Kind::kNone;
    std::uint16_t at = 0;  // within the frame
    std::int64_t base = 0;
    std::int64_t stride = 0;
  };
  struct Frame {
    std::size_t offset = 0;  // in arena_
    std::uint32_t size = 0;
    std::uint16_t header = 0;  // bytes before the text
    std::uint16_t prefix = 0;  // bytes of text before the bare payload
    std::uint32_t instrument = 0;
    Channel channel = Channel::kQuote;
    std::int16_t phase = -1;  // depth: the state that the book has after it
    std::array<Patch, 3> patches;
  };
  // How one instrument moves: state p is the base book with group p changed.
  struct Motion {
    std::array<std::vector<Level>, 2> base;                 // best first, by side
    std::vector<std::array<std::vector<Level>, 2>> groups;  // by phase: changed levels, 0 = gone
    std::int16_t phase = 0;
    std::int64_t id = 0;  // u of the last depth message
  };
  // Frames of one instrument while the ring is being made.
  struct Script {
    std::vector<std::string> payloads;
    std::vector<Frame> frames;
  };

  static constexpr int kPhases = 16;

  Motion make_motion(const Instrument& instrument, std::size_t levels);
  std::vector<Level> make_group(const std::vector<Level>& base, const Instrument& instrument, int phase);
  Book book_of(const Motion& motion, int phase) const;
  Script write_script(std::size_t instrument, const Motion& motion);
  void write_quote(Script& script, std::size_t instrument, const Book& book, std::int64_t id, bool exact);
  void write_depth(Script& script, std::size_t instrument, const Motion& motion, int phase, std::int64_t first);
  void write_trade(Script& script, std::size_t instrument, const Book& book, std::int64_t id);
  void merge(std::vector<Script> scripts);
  void append(const Script& script, std::size_t index);
  void patch(const Frame& frame);
  bool send(const Frame& frame, const Stream& stream);

  std::mt19937_64 engine_;
  std::vector<Motion> motions_;
  std::string arena_;
  std::vector<Frame> ring_;
  std::size_t next_ = 0;
  std::int64_t round_ = 0;
  std::int64_t now_ms_ = 0;
};

}  // namespace millrace::sim

#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "schemas/codec/decode.h"

// Records of every message type for tests of the codec.
namespace millrace::schemas::testing {

struct TypeName {
  MessageType type;
  std::string_view name;  // as in to_json's "type"
};

inline constexpr std::array<TypeName, 16> kTypes{{{MessageType::kBook, "book"},
                                                  {MessageType::kBbo, "bbo"},
                                                  {MessageType::kTrade, "trade"},
                                                  {MessageType::kTicker, "ticker"},
                                                  {MessageType::kCandle, "candle"},
                                                  {MessageType::kInstrument, "instrument"},
                                                  {MessageType::kStreamStatus, "stream_status"},
                                                  {MessageType::kGap, "gap"},
                                                  {MessageType::kQuarantine, "quarantine"},
                                                  {MessageType::kHeartbeat, "heartbeat"},
                                                  {MessageType::kClaim, "claim"},
                                                  {MessageType::kExecution, "execution"},
                                                  {MessageType::kBalance, "balance"},
                                                  {MessageType::kRecovery, "recovery"},
                                                  {MessageType::kCursor, "cursor"},
                                                  {MessageType::kSubscription, "subscription"}}};

// Decides what a sample holds. kFull sets every field to a value that is not its default, kEmpty none, kRandom each
// field by chance, often to an extreme.
class Dice {
 public:
  enum class Mode { kEmpty, kFull, kRandom };
  explicit Dice(Mode mode, std::uint64_t seed = 1) : mode_(mode), engine_(seed) {}

  bool present();
  std::int64_t int64();
  std::int32_t int32();
  std::int32_t exponent();
  std::string text();
  std::string bytes();
  std::size_t count(std::size_t most);
  // One of the numbers 0..highest of an enum.
  template <class Enum>
  Enum one_of(Enum highest) {
    return static_cast<Enum>(number_below(static_cast<std::uint64_t>(highest) + 1));
  }

 private:
  std::uint64_t number_below(std::uint64_t limit);

  Mode mode_;
  std::mt19937_64 engine_;
};

// `levels` is how many a side a book has at most.
AnyDecoded sample(MessageType type, Dice& dice, std::size_t levels = 30);

// By schemas::encode, which must stay inside its bound and its buffer.
std::string encoded(const AnyDecoded& record);

}  // namespace millrace::schemas::testing

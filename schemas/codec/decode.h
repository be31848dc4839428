#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "schemas/events/market.h"
#include "schemas/events/meta.h"
#include "schemas/events/ops.h"

// Protobuf wire -> struct. Every decoder takes one whole message and returns nullopt on anything malformed; unknown
// fields are skipped. Results own what they hold: copying or moving a record keeps meta.stream and the body's spans
// valid, because they point into `storage`.
namespace millrace::schemas {

struct DecodedStorage {
  StreamIdentity identity;
  std::vector<GapMark> gap;
  std::vector<Level> bids;
  std::vector<Level> asks;
  std::string text[2];
};

template <class Body>
struct Decoded {
  std::shared_ptr<DecodedStorage> storage;
  Meta meta;
  Body body;
};

// Which message a topic carries.
enum class MessageType : std::uint8_t {
  kBook,
  kBbo,
  kTrade,
  kTicker,
  kCandle,
  kInstrument,
  kStreamStatus,
  kGap,
  kQuarantine,
  kHeartbeat,
  kClaim
};

using AnyDecoded =
    std::variant<Decoded<Book>, Decoded<Bbo>, Decoded<Trade>, Decoded<Ticker>, Decoded<Candle>, Decoded<Instrument>,
                 Decoded<StreamStatus>, Decoded<Gap>, Decoded<Quarantine>, Heartbeat, Claim>;

std::optional<AnyDecoded> decode(MessageType type, std::string_view bytes);

// JSON line of a decoded record, by to_json.
void to_json(const AnyDecoded& record, std::string& out);

}  // namespace millrace::schemas

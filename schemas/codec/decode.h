#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "schemas/events/account.h"
#include "schemas/events/market.h"
#include "schemas/events/meta.h"
#include "schemas/events/ops.h"

// Protobuf wire -> struct. Every decoder takes one whole message and returns nullopt on anything malformed; unknown
// fields are skipped. Results own what they hold: copying or moving a record keeps meta.stream and the body's spans
// valid, because they point into `storage`.
namespace millrace::schemas {

// What the views of a decoded record point into. On the heap and shared, so that its address stays when records move.
struct DecodedStorage {
  StreamIdentity identity;
  std::vector<GapMark> gap;
  std::vector<Level> bids;
  std::vector<Level> asks;
  std::string text[2];
};

// One event with its Meta. meta.stream, meta.gap, the spans and views of `body` live as long as any copy's `storage`;
// moving `body` out of the record does not take them along. Nothing in it is changed after decode(), so copies may be
// read from several threads.
template <class Body>
struct Decoded {
  std::shared_ptr<DecodedStorage> storage;
  Meta meta;
  Body body;
};

// Which message a topic carries. The numbers are those of the header `mr` (schemas/proto/README.md): new ones go to the
// end.
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
  kClaim,
  kExecution,
  kBalance,
  kRecovery,
  kCursor,
  kSubscription
};

using AnyDecoded =
    std::variant<Decoded<Book>, Decoded<Bbo>, Decoded<Trade>, Decoded<Ticker>, Decoded<Candle>, Decoded<Instrument>,
                 Decoded<StreamStatus>, Decoded<Gap>, Decoded<Quarantine>, Heartbeat, Claim, Decoded<Execution>,
                 Decoded<Balance>, Decoded<Recovery>, Cursor, Subscription>;

// Reads `bytes` as one whole message of that type; they need not outlive the call. Nullopt: not protobuf, text that is
// not UTF-8, levels without quantities, half a quote side, an exponent beyond 400. The type is not in the bytes: it
// follows from the topic, and the wrong one gives nullopt or an event of nonsense. Work and memory are linear in the
// bytes. Any thread.
std::optional<AnyDecoded> decode(MessageType type, std::string_view bytes);

// JSON line of a decoded record, by to_json.
void to_json(const AnyDecoded& record, std::string& out);

}  // namespace millrace::schemas

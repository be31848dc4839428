#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "cli/verify/verifier.h"
#include "millrace/v1/bbo.pb.h"
#include "millrace/v1/book.pb.h"
#include "millrace/v1/heartbeat.pb.h"
#include "millrace/v1/trade.pb.h"

// What a broker could hold: records of all topics, to be altered one at a time before the verifier reads them.
namespace millrace::cli::testing {

inline constexpr std::int64_t kStart = 1'753'000'000'000'000'000;
inline constexpr std::int64_t kMillisecond = 1'000'000;

inline constexpr std::int64_t kFirstTrade = 90'001;  // the venue's id of the first trade

struct TapeRecord {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::string key;
  std::string value;
  bool resent = false;
};

class Tape {
 public:
  std::vector<TapeRecord> records;
  std::map<std::string, std::int64_t> ends;  // of partition 0 of each topic; stays when a record is dropped

  // Appends a record at the end of its partition.
  TapeRecord& add(const std::string& topic, const std::string& key, const std::string& bytes);

  // The record of a topic with this seq, in the order of appending.
  template <class Message>
  TapeRecord& at(const std::string& topic, std::int64_t seq) {
    for (TapeRecord& record : records) {
      if (record.topic == topic && parse<Message>(record).meta().seq() == seq) return record;
    }
    throw std::logic_error(topic + ": no such seq");
  }

  // Changes one message in place.
  template <class Message>
  void alter(const std::string& topic, std::int64_t seq, const std::function<void(Message&)>& change) {
    TapeRecord& record = at<Message>(topic, seq);
    Message message = parse<Message>(record);
    change(message);
    record.value = message.SerializeAsString();
  }

  void drop(const TapeRecord& record);

  // Hands all of it over.
  void feed(Verifier& verifier) const;
  // Reads the tape to its end, `seconds` after the last record.
  Report verify(VerifierOptions options = {}, std::int64_t seconds = 60) const;

  template <class Message>
  static Message parse(const TapeRecord& record) {
    Message message;
    if (!message.ParseFromString(record.value)) throw std::logic_error("not parsed");
    return message;
  }
};

inline const std::string kKrakenBook = "t.market.kraken.book.v1";
inline const std::string kSpotBook = "t.market.binance-spot.book.v1";
inline const std::string kSpotQuote = "t.market.binance-spot.bbo.v1";
inline const std::string kPerpetualBook = "t.market.binance-usdm.book.v1";
inline const std::string kTrades = "t.market.kraken.trade.v1";
inline const std::string kHeartbeats = "t.ops.kraken.heartbeat.v1";
inline const std::string kStatus = "t.ops.kraken.status.v1";

// A tape on which every promise holds. Kraken's book has the sheet's real checksums (snapshot seq 1, delta seq 2,
// refresh seq 3); Binance spot's seqs 1 to 6 with quotes at the same update ids; USD-M's chain; five trades;
// heartbeats.
Tape good_tape();
// The same, and nothing happens until second 9 but heartbeats that name all streams.
Tape quiet_tape();

// One level, at the exponents of the tape's Binance books.
using Row = std::pair<std::int64_t, std::int64_t>;

}  // namespace millrace::cli::testing

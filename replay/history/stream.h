#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "replay/history/selection.h"
#include "schemas/codec/decode.h"
#include "schemas/codec/meta_view.h"

namespace millrace::history {

using schemas::UnixNanos;

// What a topic carries, by its name after "{prefix}.".
struct TopicKind {
  std::string topic;    // "market.kraken.book.v1"
  std::string venue;    // "kraken"
  std::string dataset;  // "book"
  schemas::MessageType type = schemas::MessageType::kBook;
};

// Nullopt: not a topic of history (heartbeats, claims, status ...), or of a dataset or version that is new to us.
std::optional<TopicKind> kind_of_topic(std::string_view topic);
// Is it one of market, account or reference data by its name, whether or not we can read it?
bool is_history_topic(std::string_view topic) noexcept;

// One stream as the replay knows it: (venue, dataset, instrument or account). Never moves.
struct Stream {
  const TopicKind* kind = nullptr;
  std::string owner;     // instrument or account: the records' key
  std::uint32_t id = 0;  // dense from 0, in the order of appearance
  bool selected = false;
  std::int64_t records = 0;  // replayed, without duplicates
};

// The deterministic order of streams: by topic, then by owner. Not that of appearance, which differs between sources.
bool before(const Stream& a, const Stream& b) noexcept;

// All streams that were seen. Memory grows with them alone. One thread.
class StreamTable {
 public:
  explicit StreamTable(Selection selection);

  // Null: a topic that is no history, or not read here. `symbol` (the venue's spelling) is looked at when a stream
  // appears. The pointer is valid for the table's life.
  Stream* find(std::string_view topic, std::string_view owner, std::string_view symbol);
  const Stream& operator[](std::uint32_t id) const noexcept { return *streams_[id]; }
  Stream& operator[](std::uint32_t id) noexcept { return *streams_[id]; }
  std::size_t size() const noexcept { return streams_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  struct Topic {
    std::string name;
    std::optional<TopicKind> kind;
    std::unordered_map<std::string, Stream*, Hash, std::equal_to<>> streams;  // by owner
  };
  Topic& topic(std::string_view name);

  Selection selection_;
  std::unordered_map<std::string, std::unique_ptr<Topic>, Hash, std::equal_to<>> topics_;
  Topic* last_ = nullptr;  // the topic asked for last: sources bring runs of one
  std::vector<std::unique_ptr<Stream>> streams_;
};

// One record on its way through the replay. The bytes live until the next record is asked for.
struct Record {
  Stream* stream = nullptr;
  // Its receive time; or, if that is later, the time of the record before it in its stream. An update that waited for
  // its snapshot was received before it and stands behind it.
  UnixNanos time = 0;
  std::int64_t epoch = 0;
  std::int64_t seq = 0;
  schemas::Origin origin = schemas::Origin::kUnspecified;
  schemas::PublishTimePlace place;
  std::string_view bytes;
};

}  // namespace millrace::history

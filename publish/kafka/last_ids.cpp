#include "publish/kafka/last_ids.h"

#include <exception>
#include <protozero/pbf_reader.hpp>
#include <tuple>

#include "publish/kafka/topic_names.h"
#include "publish/kafka/topic_reader.h"

namespace millrace::publish {
namespace {

// The fields of Meta that say where in a stream a record stands.
struct Position {
  std::string_view symbol;
  std::int64_t epoch = 0;
  std::int64_t seq = 0;
  std::optional<std::int64_t> venue_seq;
};

// Meta is the first field of every event; the numbers are those of common.proto. Throws protozero's exceptions.
Position position_of(std::string_view record) {
  Position position;
  protozero::pbf_reader message{record.data(), record.size()};
  if (!message.next(1)) return position;
  protozero::pbf_reader meta = message.get_message();
  while (meta.next()) {
    switch (meta.tag()) {
      case 2: {
        const auto symbol = meta.get_view();
        position.symbol = {symbol.data(), symbol.size()};
        break;
      }
      case 5:
        position.epoch = meta.get_int64();
        break;
      case 6:
        position.seq = meta.get_int64();
        break;
      case 7:
        position.venue_seq = meta.get_int64();
        break;
      default:
        meta.skip();
    }
  }
  return position;
}

}  // namespace

// Equal positions are repeats of one record, so it does not matter which of them counts.
void LastIds::note(std::string_view topic, std::string_view record) {
  Position position;
  try {
    position = position_of(record);
  } catch (const std::exception&) {
    return;  // not a record of ours
  }
  if (!position.venue_seq) return;
  auto symbols = topics_.find(topic);
  if (symbols == topics_.end()) symbols = topics_.emplace(topic, BySymbol{}).first;
  auto last = symbols->second.find(position.symbol);
  if (last == symbols->second.end()) last = symbols->second.emplace(position.symbol, Last{}).first;
  if (std::tie(position.epoch, position.seq) < std::tie(last->second.epoch, last->second.seq)) return;
  last->second = {position.epoch, position.seq, *position.venue_seq};
}

std::optional<std::int64_t> LastIds::find(std::string_view topic, std::string_view symbol) const {
  const auto symbols = topics_.find(topic);
  if (symbols == topics_.end()) return std::nullopt;
  const auto last = symbols->second.find(symbol);
  if (last == symbols->second.end()) return std::nullopt;
  return last->second.venue_seq;
}

// A deadline that passes is no error: the marks that nobody could fill only say less.
LastIds read_last_ids(const KafkaSettings& settings, const std::vector<std::string>& topics, std::int64_t records,
                      std::chrono::milliseconds timeout) {
  LastIds ids;
  ReadScope scope{{}, records};
  for (const std::string& topic : topics) scope.topics.push_back(full_topic(settings.prefix, topic));
  const std::size_t prefix = full_topic(settings.prefix, "").size();
  read_topics(settings, scope, std::chrono::steady_clock::now() + timeout,
              [&](std::string_view topic, std::string_view record) { ids.note(topic.substr(prefix), record); });
  return ids;
}

}  // namespace millrace::publish

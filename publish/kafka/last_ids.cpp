#include "publish/kafka/last_ids.h"

#include <algorithm>
#include <exception>
#include <protozero/pbf_reader.hpp>

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
  if (position.epoch == 0) return;  // nothing of ours is without
  auto symbols = topics_.find(topic);
  if (symbols == topics_.end()) symbols = topics_.emplace(topic, BySymbol{}).first;
  auto found = symbols->second.find(position.symbol);
  if (found == symbols->second.end()) found = symbols->second.emplace(position.symbol, Last{}).first;
  Last& last = found->second;
  const std::pair number(position.epoch, position.seq);
  last.number = std::max(last.number, number);
  if (!position.venue_seq || number < last.with_id) return;
  last.with_id = number;
  last.venue_seq = position.venue_seq;
}

const LastIds::Last* LastIds::last(std::string_view topic, std::string_view symbol) const {
  const auto symbols = topics_.find(topic);
  if (symbols == topics_.end()) return nullptr;
  const auto found = symbols->second.find(symbol);
  return found == symbols->second.end() ? nullptr : &found->second;
}

std::optional<std::int64_t> LastIds::find(std::string_view topic, std::string_view symbol) const {
  const Last* found = last(topic, symbol);
  return found ? found->venue_seq : std::nullopt;
}

std::optional<std::pair<std::int64_t, std::int64_t>> LastIds::last_number(std::string_view topic,
                                                                          std::string_view symbol) const {
  const Last* found = last(topic, symbol);
  return found ? std::optional(found->number) : std::nullopt;
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

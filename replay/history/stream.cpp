#include "replay/history/stream.h"

#include <tuple>

#include "normalize/symbols/dataset.h"
#include "publish/sequence/message_type.h"

namespace millrace::history {
namespace {

// Takes what stands before the next dot off the front.
std::string_view take_part(std::string_view& rest) {
  const std::size_t dot = rest.find('.');
  const std::string_view part = rest.substr(0, dot);
  rest.remove_prefix(dot == rest.npos ? rest.size() : dot + 1);
  return part;
}

}  // namespace

bool is_history_topic(std::string_view topic) noexcept {
  return topic.starts_with("market.") || topic.starts_with("account.") || topic.starts_with("ref.");
}

std::optional<TopicKind> kind_of_topic(std::string_view topic) {
  if (!is_history_topic(topic)) return std::nullopt;
  std::string_view rest = topic;
  take_part(rest);
  const std::string_view venue = take_part(rest);
  const std::string_view dataset = take_part(rest);
  const auto known = normalize::dataset_from_name(dataset);
  if (venue.empty() || rest != "v1" || !known) return std::nullopt;
  return TopicKind{std::string{topic}, std::string{venue}, std::string{dataset}, publish::message_type(*known)};
}

bool before(const Stream& a, const Stream& b) noexcept {
  return std::tie(a.kind->topic, a.owner) < std::tie(b.kind->topic, b.owner);
}

StreamTable::StreamTable(Selection selection) : selection_{std::move(selection)} {}

StreamTable::Topic& StreamTable::topic(std::string_view name) {
  if (last_ != nullptr && last_->name == name) return *last_;
  auto known = topics_.find(name);
  if (known == topics_.end()) {
    auto fresh = std::make_unique<Topic>(Topic{std::string{name}, kind_of_topic(name), {}});
    known = topics_.emplace(std::string{name}, std::move(fresh)).first;
  }
  last_ = known->second.get();
  return *last_;
}

Stream* StreamTable::find(std::string_view name, std::string_view owner, std::string_view symbol) {
  Topic& at = topic(name);
  if (!at.kind) return nullptr;
  const auto known = at.streams.find(owner);
  if (known != at.streams.end()) return known->second;
  Stream& fresh = *streams_.emplace_back(std::make_unique<Stream>());
  fresh.kind = &*at.kind;
  fresh.owner = owner;
  fresh.id = static_cast<std::uint32_t>(streams_.size() - 1);
  fresh.selected = selection_.has_dataset(at.kind->venue, at.kind->dataset) && selection_.has_owner(owner, symbol);
  at.streams.emplace(fresh.owner, &fresh);
  return &fresh;
}

}  // namespace millrace::history

#include "publish/kafka/topic_names.h"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::publish {

std::string market_topic(std::string_view venue, std::string_view dataset) {
  const std::string_view family = dataset == "instrument" ? "ref" : "market";
  return fmt::format("{}.{}.{}.v1", family, venue, dataset);
}

std::optional<std::string_view> market_dataset(std::string_view topic) noexcept {
  constexpr std::string_view kFirst = "market.";
  if (!topic.starts_with(kFirst)) return std::nullopt;
  const std::size_t begin = topic.find('.', kFirst.size());
  const std::size_t end = topic.rfind('.');
  if (begin == std::string_view::npos || end <= begin) return std::nullopt;
  return topic.substr(begin + 1, end - begin - 1);
}

std::string account_topic(std::string_view venue, std::string_view dataset) {
  return fmt::format("account.{}.{}.v1", venue, dataset);
}

std::string ops_topic(std::string_view venue, std::string_view what) {
  return fmt::format("ops.{}.{}.v1", venue, what);
}

std::string subscription_key(std::string_view venue, std::string_view symbol) {
  return fmt::format("{}/{}", venue, symbol);
}

std::optional<SubscriptionKey> parse_subscription_key(std::string_view key) noexcept {
  const std::size_t slash = key.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == key.size()) return std::nullopt;
  return SubscriptionKey{key.substr(0, slash), key.substr(slash + 1)};
}

std::string full_topic(std::string_view prefix, std::string_view topic) {
  return prefix.empty() ? std::string(topic) : fmt::format("{}.{}", prefix, topic);
}

bool is_topic_text(std::string_view text) noexcept {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  return !text.empty() && text.size() <= 200 && std::all_of(text.begin(), text.end(), allowed);
}

}  // namespace millrace::publish

#include "cli/verify/topic_name.h"

#include <vector>

namespace millrace::cli {

std::optional<TopicName> parse_topic(std::string_view prefix, std::string_view topic) {
  if (!prefix.empty()) {
    if (topic.substr(0, prefix.size()) != prefix || topic.substr(prefix.size(), 1) != ".") return std::nullopt;
    topic.remove_prefix(prefix.size() + 1);
  }
  std::vector<std::string> parts;
  for (std::size_t dot = 0; dot != std::string_view::npos;
       topic.remove_prefix(dot == std::string_view::npos ? 0 : dot + 1)) {
    dot = topic.find('.');
    parts.emplace_back(topic.substr(0, dot));
  }
  if (parts.size() == 3 && parts[0] == "ctl") return TopicName{parts[0], {}, parts[1], parts[2]};
  if (parts.size() != 4 || parts[0] == "ctl") return std::nullopt;
  return TopicName{parts[0], parts[1], parts[2], parts[3]};
}

}  // namespace millrace::cli

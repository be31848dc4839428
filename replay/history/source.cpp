#include "replay/history/source.h"

#include <fmt/format.h>

namespace millrace::history {

void Problems::add(std::string_view kind, std::string_view text) {
  auto known = counts_.find(kind);
  if (known == counts_.end()) known = counts_.emplace(std::string{kind}, 0).first;
  const std::int64_t count = ++known->second;
  if (count > kTold || !tell_) return;
  tell_(count == kTold ? fmt::format("{}: {} (and what follows is only counted)", kind, text)
                       : fmt::format("{}: {}", kind, text));
}

}  // namespace millrace::history

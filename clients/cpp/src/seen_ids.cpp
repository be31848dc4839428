#include "clients/cpp/src/seen_ids.h"

namespace millrace::client {

SeenIds::Verdict SeenIds::take(std::string_view id, std::int32_t revision) {
  const auto [entry, is_new] = revisions_.try_emplace(std::string(id), revision);
  if (!is_new) {
    if (entry->second >= revision) return Verdict::kKnown;
    entry->second = revision;
    return Verdict::kHigher;
  }
  order_.push_back(&entry->first);
  if (order_.size() > limit_) {
    revisions_.erase(revisions_.find(*order_.front()));
    order_.pop_front();
  }
  return Verdict::kNew;
}

}  // namespace millrace::client

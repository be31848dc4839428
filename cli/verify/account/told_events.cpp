#include "cli/verify/account/told_events.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace millrace::cli {
namespace {

std::uint64_t digest(std::string_view text) { return std::hash<std::string_view>{}(text); }

// Of half the size, as a content that is missed by chance is no harm.
std::uint32_t field_digest(std::string_view value) {
  if (value.empty()) return 0;
  const std::uint64_t whole = digest(value);
  return std::max<std::uint32_t>(1, static_cast<std::uint32_t>(whole ^ (whole >> 32)));
}

}  // namespace

// True: it was told before.
std::pair<ToldEvents::Content*, bool> ToldEvents::content_of(Event& event, std::int32_t revision) {
  if (event.revision == revision) return {&event.content, true};
  if (!event.others) event.others = std::make_unique<std::map<std::int32_t, Content>>();
  const auto [at, is_new] = event.others->try_emplace(revision);
  return {&at->second, !is_new};
}

ToldEvents::Verdict ToldEvents::on_event(std::string_view event_id, std::int32_t revision, Fields fields) {
  Verdict verdict;
  const std::uint64_t key = digest(event_id);
  const auto [at, is_new] = events_.try_emplace(key);
  verdict.is_new = is_new;
  if (is_new) at->second.revision = revision;
  const auto [content, told_before] = content_of(at->second, revision);
  verdict.is_repeat = !is_new && told_before;
  for (std::size_t i = 0; i < std::min(fields.size(), kFields); ++i) {
    const auto& [name, value] = fields[i];
    std::uint32_t& known = (*content)[i];
    const std::uint32_t now = field_digest(value);
    if (known == 0) known = now;
    if (now == 0 || now == known) continue;
    verdict.differences += fmt::format("{}{} \"{}\"", verdict.differences.empty() ? "" : ", ", name, value);
  }
  if (!is_new) return verdict;
  in_order_.push_back(key);
  if (events_.size() <= most_) return verdict;
  events_.erase(in_order_.front());
  in_order_.pop_front();
  ++forgotten_;
  return verdict;
}

bool ToldEvents::contains(std::string_view event_id) const { return events_.contains(digest(event_id)); }

}  // namespace millrace::cli

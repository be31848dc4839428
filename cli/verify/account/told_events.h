#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace millrace::cli {

// What was said under each event_id: who sees a second content, a repeat, or an id for the first time. Of all accounts
// together the last `most` ids are kept, each in about 130 bytes, whatever its records were; of contents there are
// digests, compared by field. What is older is forgotten, and then seems new.
class ToldEvents {
 public:
  static constexpr std::size_t kFields = 8;
  // Name and value; an empty value is not told and contradicts nothing. The same names in the same order for one id.
  using Fields = std::span<const std::pair<std::string_view, std::string>>;

  explicit ToldEvents(std::size_t most = 1'000'000) : most_{most} {}

  struct Verdict {
    bool is_new = false;      // the id was never told
    bool is_repeat = false;   // this revision of it was
    std::string differences;  // such as `fee "0.2"`: told otherwise before under this revision
  };
  // At most kFields fields.
  Verdict on_event(std::string_view event_id, std::int32_t revision, Fields fields);
  bool contains(std::string_view event_id) const;

  std::size_t size() const noexcept { return events_.size(); }
  std::int64_t forgotten() const noexcept { return forgotten_; }

 private:
  using Content = std::array<std::uint32_t, kFields>;  // 0 = not told
  struct Event {
    std::int32_t revision = 0;  // of `content`; the first one told
    Content content{};
    std::unique_ptr<std::map<std::int32_t, Content>> others;  // of the other revisions: rare
  };

  std::pair<Content*, bool> content_of(Event& event, std::int32_t revision);

  const std::size_t most_;
  std::unordered_map<std::uint64_t, Event> events_;  // by the id's digest
  std::deque<std::uint64_t> in_order_;
  std::int64_t forgotten_ = 0;
};

}  // namespace millrace::cli

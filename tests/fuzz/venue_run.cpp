#include "tests/fuzz/venue_run.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string>

#include "normalize/venue_adapter.h"
#include "schemas/codec/utf8.h"
#include "tests/fuzz/checking_sink.h"
#include "tests/fuzz/encoding.h"

namespace millrace::test {
namespace {

using normalize::Dataset;
using normalize::Result;
using normalize::Subscription;

constexpr schemas::UnixNanos kStart = 1'700'000'000'000'000'000;
constexpr schemas::UnixNanos kStep = 200'000'000;
constexpr std::size_t kMaxSteps = 200;

// The text on the heap with exactly the padding that frames have, full of what could be taken for more of it.
class Padded {
 public:
  explicit Padded(std::string_view text)
      : buffer_(std::make_unique<char[]>(text.size() + normalize::kFramePadding)), size_(text.size()) {
    std::memset(buffer_.get(), '9', text.size() + normalize::kFramePadding);
    if (!text.empty()) std::memcpy(buffer_.get(), text.data(), text.size());
  }
  std::string_view view() const noexcept { return {buffer_.get(), size_}; }

 private:
  std::unique_ptr<char[]> buffer_;
  std::size_t size_;
};

// Takes the text up to `end` off `text`, and `end` with it.
std::string_view take_until(std::string_view& text, char end) {
  const std::size_t at = text.find(end);
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return taken;
}

bool take_word(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

// One venue, two connections, and the shell's part in short.
class Play {
 public:
  // `spaced`: with a space behind each frame, so that only the general JSON parser reads it.
  Play(std::string_view name, const normalize::VenueOptions& options, bool spaced)
      : venue_(normalize::make_venue(name, options)), sink_(venue_->instruments()), spaced_(spaced) {
    for (auto& connection : connections_) connection = venue_->connect();
  }

  void step(std::string_view line) {
    now_ += kStep;
    sink_.begin_frame(0, now_);
    at_ = take_word(line, "2 ") ? 1 : 0;
    if (take_word(line, "GET ")) return answer(line);
    if (take_word(line, "REF ")) return refer(line);
    if (take_word(line, "ADD ")) return change(line, true);
    if (take_word(line, "DEL ")) return change(line, false);
    if (line == "OPEN") return connection().on_open({}, now_, sink_, cleared());
    if (line == "CLOSE") return reconnect();
    if (line == "TIME") return wake();
    if (line == "REFRESH") return refresh();
    frame(line);
  }

  const CheckingSink& sink() const noexcept { return sink_; }

 private:
  normalize::VenueAdapter& connection() { return *connections_[at_]; }
  normalize::Commands& cleared() {
    todo_.clear();
    return todo_;
  }

  void check(const Result<void>& result, std::int64_t records_before) const {
    if (result) return;
    require(sink_.records() == records_before);
    require(!normalize::name(result.error().code).empty());
  }

  void frame(std::string_view line) {
    const Padded text(std::string(line).append(spaced_ ? 1 : 0, ' '));
    const std::int64_t before = sink_.records();
    check(connection().on_frame({text.view(), now_, false}, sink_, cleared()), before);
  }

  void answer(std::string_view line) {
    const std::string_view target = take_until(line, ' ');
    if (!schemas::is_valid_utf8(target)) return;  // ours, not the venue's
    const Padded body(line);
    const std::int64_t before = sink_.records();
    check(connection().on_rest({target, body.view(), 200, now_}, sink_, cleared()), before);
  }

  void refer(std::string_view line) {
    const Padded body(line);
    const std::int64_t before = sink_.records();
    check(venue_->on_reference({"", body.view(), 200, now_}, sink_), before);
  }

  void change(std::string_view line, bool add) {
    const std::string_view symbol = take_until(line, ' ');
    const auto dataset = normalize::dataset_from_name(line);
    if (!dataset || !schemas::is_valid_utf8(symbol)) return;
    const Subscription one[] = {{std::string(symbol), *dataset}};
    // The shell asks for no more than plan() accepts.
    if (add && !venue_->plan(one)) return;
    const std::span<const Subscription> none;
    connection().change(add ? one : none, add ? none : one, now_, sink_, cleared());
  }

  void reconnect() {
    connection().on_close(now_, sink_);
    connections_[at_].reset();
    connections_[at_] = venue_->connect();
  }

  void wake() {
    now_ = std::max(now_, todo_.wake_at.value_or(now_));
    connection().on_time(now_, sink_, cleared());
  }

  void refresh() {
    for (std::uint32_t i = 0; i < venue_->instruments().size(); ++i) {
      venue_->refresh(normalize::InstrumentId{i}, sink_);
    }
  }

  std::unique_ptr<normalize::Venue> venue_;
  CheckingSink sink_;
  bool spaced_;
  normalize::Commands todo_;
  schemas::UnixNanos now_ = kStart;
  std::array<std::unique_ptr<normalize::VenueAdapter>, 2> connections_;  // go before the venue
  std::size_t at_ = 0;                                                   // the one that the step is of
};

std::uint64_t play(std::string_view name, const normalize::VenueOptions& options, std::string_view steps, bool spaced) {
  Play run(name, options, spaced);
  for (std::size_t i = 0; i < kMaxSteps && !steps.empty(); ++i) run.step(take_until(steps, '\n'));
  return run.sink().digest();
}

}  // namespace

void run_venue(std::span<const std::string_view> venue_names, std::string_view input) {
  if (input.empty()) return;
  const auto choice = static_cast<unsigned char>(input.front());
  normalize::VenueOptions options;
  options.max_levels = (choice & 16) != 0 ? 3 : 0;
  options.bbo_from_book = (choice & 32) != 0;
  const std::string_view name = venue_names[choice % 4 % venue_names.size()];
  input.remove_prefix(1);
  require(play(name, options, input, false) == play(name, options, input, true));
}

}  // namespace millrace::test

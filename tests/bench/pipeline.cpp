#include "tests/bench/pipeline.h"

#include <array>

#include "normalize/venue_adapter.h"
#include "publish/sequence/sequencer.h"
#include "publish/wall_clock.h"

namespace millrace::bench {
namespace {

// Counts what arrives and forgets it.
class Counting final : public publish::RecordSink {
 public:
  publish::StreamSlot open(const publish::StreamSpec&) override { return publish::StreamSlot{next_++}; }
  std::span<std::byte> reserve(publish::StreamSlot, std::size_t bound) override {
    if (bound > buffer_.size()) buffer_.resize(bound);
    return buffer_;
  }
  void commit(publish::StreamSlot, std::size_t length, std::int64_t) override {
    ++output.records;
    output.bytes += length;
  }
  bool put(std::string_view, std::string_view, std::string_view, schemas::MessageType) override { return true; }

  Output output;

 private:
  std::uint32_t next_ = 0;
  std::vector<std::byte> buffer_ = std::vector<std::byte>(1 << 20);
};

publish::SequencerOptions live_options() {
  publish::SequencerOptions options;
  options.live = true;
  options.clock = wall_clock;
  options.worker = "bench";
  return options;
}

std::string padded(std::string_view text) { return std::string(text) + std::string(normalize::kFramePadding, ' '); }

}  // namespace

struct Pipeline::Impl {
  explicit Impl(std::string_view name)
      : venue(normalize::make_venue(name, {})),
        adapter(venue->connect()),
        sequencer(std::string(name), venue->capabilities(), venue->instruments(), sink, live_options()) {}

  normalize::RestAnswer answer(std::string_view target, const std::string& body) const {
    const std::string_view text(body.data(), body.size() - normalize::kFramePadding);
    return {.target = target, .body = text, .status = 200, .receive_time = wall_clock()};
  }

  std::unique_ptr<normalize::Venue> venue;
  std::unique_ptr<normalize::VenueAdapter> adapter;
  Counting sink;
  publish::Sequencer sequencer;
  normalize::Commands todo;
  std::uint64_t failures = 0;
};

Pipeline::Pipeline(std::string_view venue) : impl_(std::make_unique<Impl>(venue)) {}
Pipeline::~Pipeline() = default;

void Pipeline::reference(std::string_view target, std::string_view body) {
  const std::string text = padded(body);
  impl_->sequencer.begin_frame(0, wall_clock());
  if (!impl_->venue->on_reference(impl_->answer(target, text), impl_->sequencer)) ++impl_->failures;
}

void Pipeline::rest(std::string_view target, std::string_view body) {
  const std::string text = padded(body);
  impl_->sequencer.begin_frame(0, wall_clock());
  if (!impl_->adapter->on_rest(impl_->answer(target, text), impl_->sequencer, impl_->todo)) ++impl_->failures;
}

void Pipeline::run(std::span<const std::string_view> messages) {
  for (const std::string_view text : messages) {
    const schemas::UnixNanos now = wall_clock();
    impl_->sequencer.begin_frame(0, now);
    impl_->todo.clear();
    const normalize::Frame frame{.text = text, .receive_time = now};
    if (!impl_->adapter->on_frame(frame, impl_->sequencer, impl_->todo)) ++impl_->failures;
  }
}

Output Pipeline::output() const { return impl_->sink.output; }
std::uint64_t Pipeline::failures() const { return impl_->failures; }

}  // namespace millrace::bench

#include "normalize/venues/kraken/venue_state.h"

namespace millrace::normalize::kraken {

namespace {

using schemas::StreamState;

// The venue has some 1,500 pairs; more names than this come from a frame gone wrong.
constexpr std::size_t kMostSymbols = 65'536;
constexpr std::size_t kLongestSymbol = 64;

// What the status channel may say (its sheet names four), as a fixed word of ours: reasons become labels, so none is
// the wire's.
std::string_view system_word(std::string_view wire) noexcept {
  for (const std::string_view known : {"online", "maintenance", "cancel_only", "post_only"}) {
    if (wire == known) return known;
  }
  return "unknown_system";
}

}  // namespace

// Trades are left alone: their stream is another subscription.
void SymbolState::forget_book() noexcept {
  book.reset();
  hole = {};
  repairing = false;
  book_time.reset();
  update_time.reset();
  crossed_since.reset();
  crossed_resync = false;
  last_bbo.reset();
}

// Grows with the table; a deque, so that references stay.
SymbolState& VenueState::of(InstrumentId id) {
  while (symbols_.size() <= index(id)) symbols_.emplace_back();
  return symbols_[index(id)];
}

// Known symbols first: this runs for every frame.
Result<InstrumentId> VenueState::resolve(std::string_view symbol, std::string_view place) {
  if (const auto known = instruments.find(symbol)) return *known;
  if (symbol.empty() || symbol.size() > kLongestSymbol || instruments.size() >= kMostSymbols) {
    return Error{Errc::kUnknownInstrument, std::string(place)};
  }
  return instruments.intern(symbol);
}

// Our own view is kept up to date under a halt of the venue too, since that is what is told when the halt ends.
void VenueState::set_state(StreamKey stream, StreamState state, std::string_view reason, EventSink& out) {
  StreamState& held = of(stream.instrument).states[static_cast<std::size_t>(stream.dataset)];
  if (held == state) return;
  held = state;
  // Under a halt only a refusal is news: the rest is told when the halt ends.
  if (halted_ && state != StreamState::kHalted) return;
  out.on_state(stream, state, reason);
}

// Tells every stream but those refused, which stay so whatever the market does. cancel_only and post_only halt nothing:
// the data flows and is right, and the word is passed on as the reason.
void VenueState::set_system(std::string_view wire_word, EventSink& out) {
  const std::string_view system = system_word(wire_word);
  if (system == system_) return;
  system_ = system;
  halted_ = system == "maintenance";
  for (std::size_t i = 0; i < symbols_.size(); ++i) {
    for (std::size_t dataset = 0; dataset < kDatasetCount; ++dataset) {
      const StreamState state = symbols_[i].states[dataset];
      if (state == StreamState::kUnspecified || state == StreamState::kHalted) continue;
      const StreamKey stream{InstrumentId{static_cast<std::uint32_t>(i)}, static_cast<Dataset>(dataset)};
      out.on_state(stream, halted_ ? StreamState::kHalted : state, system_);
    }
  }
}

// By configuration for all symbols, or by subscription for one.
bool VenueState::wants_bbo_book(InstrumentId id) const noexcept {
  return options.bbo_from_book || (index(id) < bbo_book_.size() && bbo_book_[index(id)]);
}

void VenueState::want_bbo_book(InstrumentId id, bool wanted) {
  if (bbo_book_.size() <= index(id)) bbo_book_.resize(index(id) + 1);
  bbo_book_[index(id)] = wanted;
}

EventMeta meta_of(const WireTime& time, bool snapshot) {
  EventMeta meta;
  meta.venue_time = time.time;
  if (time.bad) meta.flags |= schemas::flag::kBadVenueTime;
  if (snapshot) {
    meta.origin = schemas::Origin::kSnapshot;
    meta.flags |= schemas::flag::kSnapshot;
  }
  return meta;
}

}  // namespace millrace::normalize::kraken

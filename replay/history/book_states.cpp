#include "replay/history/book_states.h"

#include <fmt/format.h>

#include <algorithm>

#include "schemas/codec/encode.h"

namespace millrace::history {
namespace {

using schemas::Level;
namespace flag = schemas::flag;

// What a snapshot of the state inherits from the last record.
constexpr std::uint32_t kLasting = flag::kStale | flag::kCrossed | flag::kDepthLimited;

// Sets the levels at the book's exponents; false if a number does not fit them.
bool set_levels(std::span<const Level> levels, const schemas::Book& record, const normalize::Book& book,
                normalize::LadderSide& side) {
  for (const Level& level : levels) {
    const auto price = schemas::rescaled({level.price, record.price_exponent}, book.price_exponent);
    const auto quantity = schemas::rescaled({level.quantity, record.quantity_exponent}, book.quantity_exponent);
    if (!price || !quantity) return false;
    side.set(*price, *quantity);
  }
  return true;
}

}  // namespace

bool BookStates::apply_levels(State& state, const schemas::Book& record) {
  if (record.kind == schemas::BookKind::kSnapshot) {
    state.book.clear();
    state.book.price_exponent = record.price_exponent;
    state.book.quantity_exponent = record.quantity_exponent;
  } else if (!state.book.refine(record.price_exponent, record.quantity_exponent)) {
    return false;
  }
  return set_levels(record.bids, record, state.book, state.book.bids) &&
         set_levels(record.asks, record, state.book, state.book.asks);
}

void BookStates::apply(const Record& record) {
  if (record.stream->kind->type != schemas::MessageType::kBook) return;
  if (record.stream->id >= states_.size()) states_.resize(record.stream->id + 1);
  auto& state = states_[record.stream->id];
  if (!state) {
    state = std::make_unique<State>();
    state->stream = record.stream;
  }
  if (record.epoch < state->epoch || (record.epoch == state->epoch && record.seq <= state->seq)) return;
  const auto decoded = schemas::decode(schemas::MessageType::kBook, record.bytes);
  if (!decoded) {
    state->known = false;
    return problems_.add("not_a_record", fmt::format("{} {} epoch {} seq {}: not a book", record.stream->kind->topic,
                                                     record.stream->owner, record.epoch, record.seq));
  }
  const auto& book = std::get<schemas::Decoded<schemas::Book>>(*decoded);
  apply(*state, book.meta, book.body);
}

void BookStates::apply(State& state, const schemas::Meta& meta, const schemas::Book& record) {
  const bool follows = meta.epoch == state.epoch && meta.seq == state.seq + 1;
  const bool snapshot = record.kind == schemas::BookKind::kSnapshot;
  // A new epoch opens with an empty book that only says: forget what you had.
  const bool forgets = (meta.flags & flag::kReset) != 0 && record.bids.empty() && record.asks.empty();
  state.known = !forgets && (snapshot || (state.known && follows)) && apply_levels(state, record);
  state.epoch = meta.epoch;
  state.seq = meta.seq;
  state.time = meta.receive_time;
  state.venue_seq = meta.venue_seq ? meta.venue_seq : state.venue_seq;
  state.flags = meta.flags & kLasting;
  if (snapshot || record.price_decimals) state.price_decimals = record.price_decimals;
  if (snapshot || record.quantity_decimals) state.quantity_decimals = record.quantity_decimals;
  if (snapshot || record.proven_depth) state.proven_depth = record.proven_depth;
  if (snapshot || record.depth) state.depth = record.depth;
  if (snapshot) {
    state.identity = schemas::make_stream_identity(meta.stream->venue, meta.stream->symbol, meta.stream->instrument,
                                                   meta.stream->account);
  }
}

void BookStates::write(const State& state, UnixNanos at, const std::function<void(const Record&)>& take) {
  std::vector<Level> bids, asks;
  state.book.bids.append_all(bids);
  state.book.asks.append_all(asks);
  schemas::Meta meta;
  meta.stream = &state.identity;
  meta.epoch = state.epoch;
  meta.seq = state.seq;
  meta.venue_seq = state.venue_seq;
  meta.receive_time = at;
  meta.staleness_ns = at - state.time;
  meta.origin = schemas::Origin::kSnapshot;
  meta.flags = state.flags | flag::kSnapshot | flag::kRefresh;
  schemas::Book body;
  body.kind = schemas::BookKind::kSnapshot;
  body.price_exponent = state.book.price_exponent;
  body.quantity_exponent = state.book.quantity_exponent;
  body.bids = bids;
  body.asks = asks;
  body.price_decimals = state.price_decimals;
  body.quantity_decimals = state.quantity_decimals;
  body.proven_depth = state.proven_depth;
  body.depth = state.depth;
  bytes_.resize(schemas::encoded_bound(meta, body));
  const std::size_t size = schemas::encode(meta, body, bytes_);
  const std::string_view bytes{reinterpret_cast<const char*>(bytes_.data()), size};
  const auto view = schemas::view_meta(bytes);
  take({state.stream, at, state.epoch, state.seq, meta.origin, schemas::place_of(*view), bytes});
}

void BookStates::for_each(UnixNanos at, const std::function<void(const Record&)>& take) {
  std::vector<const State*> sorted;
  for (const auto& state : states_) {
    if (state) sorted.push_back(state.get());
  }
  std::sort(sorted.begin(), sorted.end(),
            [](const State* a, const State* b) { return before(*a->stream, *b->stream); });
  for (const State* state : sorted) {
    if (state->known) {
      write(*state, at, take);
    } else {
      problems_.add("no_snapshot", fmt::format("{} {}: no snapshot to begin from in the time that was read before",
                                               state->stream->kind->topic, state->stream->owner));
    }
  }
}

}  // namespace millrace::history

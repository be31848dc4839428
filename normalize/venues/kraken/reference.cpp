#include "normalize/venues/kraken/reference.h"

#include <optional>

namespace millrace::normalize::kraken {

namespace {

using schemas::InstrumentStatus;
using schemas::WideDecimal;

// The words of docs.kraken.com, websocket-v2/instrument. Those that we do not know yet are passed on as text with
// status UNKNOWN, never guessed.
InstrumentStatus status_of(std::string_view word) noexcept {
  if (word.empty()) return InstrumentStatus::kUnspecified;
  if (word == "online") return InstrumentStatus::kTrading;
  if (word == "cancel_only" || word == "limit_only" || word == "post_only" || word == "reduce_only") {
    return InstrumentStatus::kRestricted;
  }
  if (word == "maintenance" || word == "work_in_progress") return InstrumentStatus::kHalted;
  if (word == "delisted") return InstrumentStatus::kDelisted;
  return InstrumentStatus::kUnknown;
}

// REST still calls two assets by their old names.
std::string_view plain_asset(std::string_view asset) noexcept {
  if (asset == "XBT") return "BTC";
  if (asset == "XDG") return "DOGE";
  return asset;
}

// Both sources write one number in several ways ("0.10", 1e-01): kept without trailing zeros, so that they compare.
bool read_number(std::string_view text, std::optional<WideDecimal>& out) {
  if (text.empty()) return true;
  out = schemas::parse_wide_decimal(text);
  if (!out) return false;
  if (out->text.empty()) out->value = schemas::reduced(out->value);
  return true;
}

// Out of range is a bad row, not a clamp: a book at the wrong precision would fail every checksum.
bool read_precision(std::optional<std::int64_t> sent, std::optional<std::int32_t>& out) noexcept {
  if (!sent) return true;
  if (*sent < 0 || *sent > kMostDecimals) return false;
  out = static_cast<std::int32_t>(*sent);
  return true;
}

// The row as our reference data; nullopt if it cannot be used.
std::optional<schemas::Instrument> read_pair(const PairRow& row) {
  const std::size_t slash = row.symbol.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == row.symbol.size()) return std::nullopt;
  schemas::Instrument pair;
  pair.kind = schemas::InstrumentKind::kSpot;
  pair.status = status_of(row.status);
  pair.status_text = row.status;
  pair.base = row.base.empty() ? plain_asset(row.symbol.substr(0, slash)) : row.base;
  pair.quote = row.quote.empty() ? plain_asset(row.symbol.substr(slash + 1)) : row.quote;
  const bool fine = read_number(row.tick_size, pair.tick_size) && read_number(row.quantity_step, pair.quantity_step) &&
                    read_number(row.quantity_min, pair.min_quantity) && read_number(row.cost_min, pair.min_notional) &&
                    read_precision(row.price_precision, pair.price_decimals) &&
                    read_precision(row.quantity_precision, pair.quantity_decimals);
  if (!fine) return std::nullopt;
  // REST has no step of the quantity: it is the last decimal.
  if (!pair.quantity_step && pair.quantity_decimals) {
    pair.quantity_step = WideDecimal{schemas::Decimal{1, -*pair.quantity_decimals}, {}};
  }
  return pair;
}

// kind and status follow from the rest.
bool same(const schemas::Instrument& a, const schemas::Instrument& b) {
  return a.status_text == b.status_text && a.base == b.base && a.quote == b.quote && a.tick_size == b.tick_size &&
         a.quantity_step == b.quantity_step && a.min_quantity == b.min_quantity && a.min_notional == b.min_notional &&
         a.price_decimals == b.price_decimals && a.quantity_decimals == b.quantity_decimals;
}

// A precision that is not sent leaves what was learnt from the wire.
void store(InstrumentInfo& info, schemas::Instrument pair) {
  info.instrument = pair.base + "-" + pair.quote;
  if (pair.price_decimals) info.price_decimals = *pair.price_decimals;
  if (pair.quantity_decimals) info.quantity_decimals = *pair.quantity_decimals;
  info.reference = std::move(pair);
  info.has_reference = true;
}

}  // namespace

// Fifteen hundred pairs come with each snapshot, and hardly any has changed.
void apply_reference(const Message& message, VenueState& venue, EventSink& out) {
  for (std::size_t i = 0; i < message.bad_pairs; ++i) out.on_drop("bad_reference");
  for (const PairRow& row : message.pairs) {
    auto pair = read_pair(row);
    // REST spells the symbol with the old names; the pair's own assets spell it as frames do.
    const std::string symbol = pair && row.base.empty() ? pair->base + "/" + pair->quote : std::string(row.symbol);
    const auto id = pair ? venue.resolve(symbol, "symbol") : Result<InstrumentId>(Error{Errc::kBadNumber, "pair"});
    if (!id) {
      out.on_drop("bad_reference");
      continue;
    }
    InstrumentInfo& info = venue.instruments[*id];
    const StreamKey stream{*id, Dataset::kInstrument};
    const bool news = !info.has_reference || !same(info.reference, *pair);
    if (news) store(info, std::move(*pair));  // before anybody hears of the stream: it gives the instrument's name
    venue.set_live(stream, out);
    if (!news) continue;
    EventMeta meta;
    if (message.snapshot) {
      meta.origin = schemas::Origin::kSnapshot;
      meta.flags = schemas::flag::kSnapshot;
    }
    out.on_instrument(stream, meta, info.reference);
  }
}

}  // namespace millrace::normalize::kraken

#include "cli/verify/trade_ids.h"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::cli {
namespace {

bool begins(std::string_view text, std::string_view with) { return text.substr(0, with.size()) == with; }

// How many of from..to no VENUE mark names. Marks of one record do not overlap.
std::int64_t undeclared(const SeenMeta& meta, std::int64_t from, std::int64_t to) {
  std::int64_t left = to - from + 1;
  for (const SeenMark& mark : meta.marks) {
    if (mark.kind != MarkKind::kVenue || !mark.from || !mark.to) continue;
    left -= std::max<std::int64_t>(0, std::min(to, *mark.to) - std::max(from, *mark.from) + 1);
  }
  return left;
}

// The venue counts anew: a mark that says so has no ids.
bool began_anew(const SeenMeta& meta) {
  return std::any_of(meta.marks.begin(), meta.marks.end(),
                     [](const SeenMark& mark) { return mark.kind == MarkKind::kVenue && !mark.from && !mark.to; });
}

}  // namespace

// Kraken: a sequence per book. Binance: t and a rise by one per symbol; but `@trade` of futures also counts what comes
// with X = "NA" and no quantity, which is no trade and leaves no record.
IdRule id_rule(std::string_view venue, std::string_view dataset) noexcept {
  if (venue == "kraken" && dataset == "trade") return IdRule::kDense;
  if (!begins(venue, "binance-")) return IdRule::kNone;
  if (dataset == "trade-agg") return IdRule::kDense;
  if (dataset != "trade") return IdRule::kNone;
  const bool futures = begins(venue, "binance-usdm") || begins(venue, "binance-coinm");
  return futures ? IdRule::kRising : IdRule::kDense;
}

void TradeIds::problem(const SeenMeta& meta, const std::string& text) {
  if (problems_.size() >= kMaxProblems) return;
  problems_.push_back(fmt::format("epoch {} seq {}: {}", meta.epoch, meta.seq, text));
}

void TradeIds::on_record(const SeenMeta& meta, const SeenTrade& trade, IdRule rule, Place place, std::int64_t missing) {
  if (rule == IdRule::kNone) return;
  if (!meta.venue_seq || trade.id != std::to_string(*meta.venue_seq)) {
    ++tally_.holes;
    return problem(meta, fmt::format("trade id \"{}\" is not the venue_seq, so that no hole can show", trade.id));
  }
  // What lies between two epochs is declared by the RESTART mark.
  if (place == Place::kOpens || place == Place::kJoins) last_.reset();
  if (last_ && !began_anew(meta)) check(meta, *last_, *meta.venue_seq, rule, missing);
  last_ = meta.venue_seq;
}

void TradeIds::check(const SeenMeta& meta, std::int64_t last, std::int64_t id, IdRule rule, std::int64_t missing) {
  if (id <= last) {
    ++tally_.repeats;
    return problem(meta, fmt::format("trade {} comes after trade {}", id, last));
  }
  if (rule != IdRule::kDense || undeclared(meta, last + 1, id - 1) <= missing) return;
  ++tally_.holes;
  problem(meta, fmt::format("trades {} to {} are missing and nothing declares them", last + 1, id - 1));
}

}  // namespace millrace::cli

#include "cli/tail_line.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <ctime>

#include "publish/kafka/claim.h"
#include "schemas/codec/json_writer.h"

namespace millrace::cli {
namespace {

using namespace schemas;

std::string clock_text(UnixNanos time) {
  const auto seconds = static_cast<std::time_t>(time / 1'000'000'000);
  return fmt::format("{:%H:%M:%S}.{:06}", fmt::gmtime(seconds), time % 1'000'000'000 / 1000);
}

// Of something long ago, such as the beginning of a sweep.
std::string date_text(UnixNanos time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(time / 1'000'000'000)));
}

// Control characters would move the cursor of whoever reads along.
std::string printable(std::string_view text) {
  std::string out(text.substr(0, 120));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
  return out;
}

std::string level_text(const Level& level, std::int32_t price_exponent, std::int32_t quantity_exponent) {
  return to_plain({level.price, price_exponent}) + " x " + to_plain({level.quantity, quantity_exponent});
}

std::string number(const std::optional<WideDecimal>& value) {
  if (!value) return "-";
  return value->text.empty() ? to_plain(value->value) : value->text;
}

std::string mark_text(const GapMark& mark) {
  std::string range;
  if (mark.from) range = fmt::format(" {}..{}", *mark.from, mark.to ? fmt::format("{}", *mark.to) : "");
  return fmt::format("{}{} {}", name(mark.kind), range, printable(mark.reason));
}

std::string what(const Book& body) {
  const auto side = [&](std::string_view word, std::span<const Level> levels) {
    if (levels.empty()) return std::string();
    return fmt::format("  {} {}", word, level_text(levels.front(), body.price_exponent, body.quantity_exponent));
  };
  return fmt::format("{:<8} {:>4}+{:<4}{}{}", name(body.kind), body.bids.size(), body.asks.size(),
                     side("bid", body.bids), side("ask", body.asks));
}

std::string what(const Bbo& body) {
  const auto side = [&](const std::optional<Level>& level) {
    return level ? level_text(*level, body.price_exponent, body.quantity_exponent) : std::string("none");
  };
  return side(body.bid) + " | " + side(body.ask);
}

std::string what(const Trade& body) {
  return fmt::format("{:<4} {} @ {}  id {}", name(body.aggressor), to_plain({body.quantity, body.quantity_exponent}),
                     to_plain({body.price, body.price_exponent}), printable(body.trade_id));
}

std::string what(const Ticker& body) {
  return fmt::format("last {}  bid {}  ask {}  volume {}", number(body.last), number(body.bid), number(body.ask),
                     number(body.volume));
}

std::string what(const Candle& body) {
  return fmt::format("{} from {}  {} {} {} {}  volume {}", printable(body.interval), clock_text(body.open_time),
                     number(body.open), number(body.high), number(body.low), number(body.close), number(body.volume));
}

std::string what(const Instrument& body) {
  return fmt::format("{} {}  tick {}  step {}", name(body.kind), name(body.status), number(body.tick_size),
                     number(body.quantity_step));
}

std::string what(const StreamStatus& body) {
  return fmt::format("{} {} {}", printable(body.dataset), name(body.state), printable(body.reason)) +
         (body.detail.empty() ? "" : ": " + printable(body.detail));
}

std::string what(const Gap& body) {
  return fmt::format("{} {}", printable(body.dataset), mark_text(body.mark)) +
         (body.repaired_time ? ", ended by " + printable(body.repair) : "");
}

std::string what(const Quarantine& body) {
  return fmt::format("{} at {} ({} bytes, {} more like it)", printable(body.error), printable(body.where),
                     body.frame_bytes, body.suppressed);
}

// The numbers of the fill where the report is about one, else the order's.
std::string what(const Execution& body) {
  const bool fill = body.kind == ExecutionKind::kTrade || body.kind >= ExecutionKind::kTradeCorrection;
  std::string line =
      fmt::format("{} {} {} {} @ {}  filled {} of {}  order {}", name(body.kind), name(body.status), name(body.side),
                  number(fill ? body.last_quantity : body.quantity), number(fill ? body.last_price : body.price),
                  number(body.cumulative_quantity), number(body.quantity), printable(body.order_id));
  if (body.fee) line += fmt::format("  fee {} {}", number(body.fee), printable(body.fee_asset));
  if (body.liquidity != Liquidity::kUnspecified) line += fmt::format("  {}", name(body.liquidity));
  if (body.revision != 1) line += fmt::format("  revision {}", body.revision);
  if (body.unseen_order) line += "  UNSEEN_ORDER";
  if (!body.reason.empty()) line += ": " + printable(body.reason);
  return line;
}

std::string what(const Balance& body) {
  std::string line = fmt::format("{} {}  total {}  available {}  locked {}", name(body.kind), printable(body.asset),
                                 number(body.total), number(body.available), number(body.locked));
  if (body.change) line += "  change " + number(body.change);
  if (body.fee) line += "  fee " + number(body.fee);
  if (!body.wallet.empty()) line += "  in " + printable(body.wallet);
  if (!body.cause.empty()) line += "  by " + printable(body.cause);
  return line;
}

std::string what(const Recovery& body) {
  std::string line = fmt::format("{} sweep {}.{} ({}) of {}, {}..{}", name(body.phase), body.instance, body.sweep,
                                 printable(body.trigger),
                                 body.symbols.empty() ? "all" : fmt::format("{} symbols", body.symbols.size()),
                                 date_text(body.from), date_text(body.to));
  line += fmt::format("  fills: {} read, {} missing, {} richer, {} late", body.fills_read, body.fills_missing,
                      body.fills_richer, body.late_fills);
  if (body.watermark) line += "  complete through " + date_text(*body.watermark);
  if (!body.error.empty()) line += ": " + printable(body.error);
  return line;
}

// Is the record itself bad news?
template <class Body>
bool is_alarming(const Body&) {
  return std::is_same_v<Body, Gap> || std::is_same_v<Body, Quarantine>;
}

bool is_alarming(const Recovery& body) { return body.phase == RecoveryPhase::kFailed || body.late_fills > 0; }

// Of executions and balances: how we know them, unless the venue pushed them as they happened.
template <class Body>
std::string_view origin_text(const Meta& meta) {
  const bool shown = std::is_same_v<Body, Execution> || std::is_same_v<Body, Balance>;
  return shown && meta.origin != Origin::kLive ? name(meta.origin) : std::string_view{};
}

// The columns before "what".
struct Columns {
  UnixNanos time = 0;
  std::string instrument;
  std::string number;  // epoch:seq
  std::string what;
  bool alarming = false;
};

template <class Body>
Columns columns(const Decoded<Body>& record, std::int64_t /*offset*/) {
  const Meta& meta = record.meta;
  Columns out{meta.receive_time, meta.stream->instrument, fmt::format("{}:{}", meta.epoch, meta.seq), what(record.body),
              is_alarming(record.body)};
  const std::string_view origin = origin_text<Body>(meta);
  if (!origin.empty()) out.what = fmt::format("{}  {}", origin, out.what);
  if (!meta.stream->account.empty()) out.what = printable(meta.stream->account) + "  " + out.what;
  for (std::size_t bit = 0; !flag_name(bit).empty(); ++bit) {
    const bool said = flag_name(bit) == origin;
    if ((meta.flags >> bit & 1) && !said) out.what += fmt::format(" {}", flag_name(bit));
  }
  for (const GapMark& mark : meta.gap) {
    out.what += "  GAP " + mark_text(mark);
    out.alarming = out.alarming || mark.kind != GapKind::kRestart;
  }
  return out;
}

Columns columns(const Heartbeat& record, std::int64_t /*offset*/) {
  std::int64_t oldest = 0;
  std::size_t gaps = 0;
  for (const StreamBeat& stream : record.streams) {
    oldest = std::max(oldest, stream.age_ns);
    gaps += stream.gap.size();
  }
  return {record.time,
          {},
          {},
          fmt::format("{} {} streams quiet, oldest sign of life {} ms ago{}", record.streams.size(),
                      printable(record.dataset), oldest / 1'000'000,
                      gaps > 0 ? fmt::format(", {} gaps to declare", gaps) : ""),
          gaps > 0};
}

Columns columns(const Claim& record, std::int64_t offset) {
  return {record.time,
          {},
          {},
          fmt::format("{} claims epoch {} for {} streams", printable(record.worker), publish::epoch_of_claim(offset),
                      record.streams),
          false};
}

Columns columns(const Subscription& record, std::int64_t /*offset*/) {
  std::string line = fmt::format("{} {} wanted by {}", printable(record.venue), printable(record.symbol),
                                 printable(record.by.empty() ? "?" : record.by));
  if (!record.datasets.empty()) line += ':';
  for (const std::string& dataset : record.datasets) line += ' ' + printable(dataset);
  return {record.time, {}, {}, line, false};
}

// The scopes of a large account are many: the first ones say how fresh the cursor is.
Columns columns(const Cursor& record, std::int64_t /*offset*/) {
  constexpr std::size_t kShown = 3;
  std::string line = fmt::format("{} {} {} of {}, instance {}", printable(record.venue), printable(record.account),
                                 printable(record.name), printable(record.worker), record.instance);
  for (std::size_t i = 0; i < std::min(kShown, record.scopes.size()); ++i) {
    const CursorScope& scope = record.scopes[i];
    line += fmt::format("  {} through {}", scope.symbol.empty() ? "all" : printable(scope.symbol),
                        date_text(scope.complete_through));
  }
  if (record.scopes.size() > kShown) line += fmt::format("  and {} more", record.scopes.size() - kShown);
  return {record.time, {}, {}, line, false};
}

bool same_text(std::string_view a, std::string_view b) {
  const auto same = [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same);
}

bool is_instrument(const AnyDecoded& record, std::string_view wanted) {
  return std::visit(
      [&](const auto& one) {
        if constexpr (requires { one.meta; }) {
          return same_text(one.meta.stream->instrument, wanted) || same_text(one.meta.stream->symbol, wanted);
        } else {
          return false;
        }
      },
      record);
}

}  // namespace

std::optional<MessageType> message_type(const TopicName& topic) {
  using Row = std::pair<std::string_view, MessageType>;
  static constexpr Row kRows[] = {{"market.book", MessageType::kBook},
                                  {"market.bbo", MessageType::kBbo},
                                  {"market.bbo-book", MessageType::kBbo},
                                  {"market.trade", MessageType::kTrade},
                                  {"market.trade-agg", MessageType::kTrade},
                                  {"market.ticker", MessageType::kTicker},
                                  {"ref.instrument", MessageType::kInstrument},
                                  {"ops.status", MessageType::kStreamStatus},
                                  {"ops.gap", MessageType::kGap},
                                  {"ops.quarantine", MessageType::kQuarantine},
                                  {"ops.heartbeat", MessageType::kHeartbeat},
                                  {"ctl.claim", MessageType::kClaim},
                                  {"account.execution", MessageType::kExecution},
                                  {"account.balance", MessageType::kBalance},
                                  {"ops.recovery", MessageType::kRecovery},
                                  {"ctl.cursor", MessageType::kCursor},
                                  {"ctl.subscription", MessageType::kSubscription}};
  const std::string wanted = topic.family + "." + topic.dataset;
  if (wanted.rfind("market.candle-", 0) == 0) return MessageType::kCandle;
  for (const auto& [topic_name, type] : kRows) {
    if (topic_name == wanted) return type;
  }
  return std::nullopt;
}

bool passes(const TailFilter& filter, const TopicName& topic, const AnyDecoded& record) {
  if (!filter.venue.empty() && filter.venue != topic.venue) return false;
  if (!filter.dataset.empty() && filter.dataset != topic.dataset) return false;
  return filter.instrument.empty() || is_instrument(record, filter.instrument);
}

std::string tail_line(const TopicName& topic, const AnyDecoded& record, std::int64_t offset, bool colour) {
  const Columns row = std::visit([&](const auto& one) { return columns(one, offset); }, record);
  const std::string_view dim = colour ? "\033[2m" : "";
  const std::string_view bold = colour ? "\033[1m" : "";
  const std::string_view alarm = colour && row.alarming ? "\033[33m" : "";
  const std::string_view off = colour ? "\033[0m" : "";
  return fmt::format("{}{}{} {:<13} {:<10} {}{:<16}{} {}{:>12}{}  {}{}{}", dim, clock_text(row.time), off, topic.venue,
                     topic.dataset, bold, printable(row.instrument), off, dim, row.number, off, alarm, row.what,
                     row.alarming ? off : std::string_view{});
}

std::string removal_line(std::string_view key) {
  return fmt::format("{:<29} subscription {:<31}{} not wanted any more", "", "", printable(key));
}

std::string removal_json(std::string_view key) {
  std::string out;
  JsonWriter json(out);
  json.text("type", "subscription");
  json.text("key", key);
  json.boolean("removed", true);
  json.finish();
  return out;
}

}  // namespace millrace::cli

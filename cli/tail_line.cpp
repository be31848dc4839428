#include "cli/tail_line.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <ctime>

#include "publish/kafka/claim.h"

namespace millrace::cli {
namespace {

using namespace schemas;

std::string clock_text(UnixNanos time) {
  const auto seconds = static_cast<std::time_t>(time / 1'000'000'000);
  return fmt::format("{:%H:%M:%S}.{:06}", fmt::gmtime(seconds), time % 1'000'000'000 / 1000);
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
              std::is_same_v<Body, Gap> || std::is_same_v<Body, Quarantine>};
  for (std::size_t bit = 0; !flag_name(bit).empty(); ++bit) {
    if (meta.flags >> bit & 1) out.what += fmt::format(" {}", flag_name(bit));
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
                                  {"ctl.claim", MessageType::kClaim}};
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

}  // namespace millrace::cli

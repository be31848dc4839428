#include "normalize/venues/kraken/requests.h"

#include <fmt/format.h>

#include <array>
#include <iterator>

namespace millrace::normalize::kraken {

namespace {

struct Interval {
  Dataset dataset;
  std::int64_t minutes;
};
// The intervals in minutes of docs.kraken.com, websocket-v2/ohlc.
constexpr std::array<Interval, 9> kIntervals = {{{Dataset::kCandle1m, 1},
                                                 {Dataset::kCandle5m, 5},
                                                 {Dataset::kCandle15m, 15},
                                                 {Dataset::kCandle30m, 30},
                                                 {Dataset::kCandle1h, 60},
                                                 {Dataset::kCandle4h, 240},
                                                 {Dataset::kCandle1d, 1440},
                                                 {Dataset::kCandle1w, 10080},
                                                 {Dataset::kCandle15d, 21600}}};

// Ids from here on are ours; recordings of others count from 1.
constexpr std::int64_t kFirstRequestId = 1'000'000'000;

// Symbols come from a configuration file: whatever is in them, the request stays JSON.
void append_json_string(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

void append_symbols(std::span<const std::string_view> symbols, std::string& out) {
  out += ",\"symbol\":[";
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    if (i != 0) out += ',';
    append_json_string(symbols[i], out);
  }
  out += ']';
}

}  // namespace

// bbo and ticker share a channel and differ by event_trigger, candles share "ohlc" and differ by interval: hence
// share_a_key().
std::string_view channel_of(Dataset dataset) noexcept {
  switch (dataset) {
    case Dataset::kBook:
      return "book";
    case Dataset::kBbo:
    case Dataset::kTicker:
      return "ticker";
    case Dataset::kTrade:
      return "trade";
    case Dataset::kInstrument:
      return "instrument";
    default:
      return minutes_of(dataset) ? "ohlc" : "";
  }
}

std::optional<std::int64_t> minutes_of(Dataset dataset) noexcept {
  for (const Interval& interval : kIntervals) {
    if (interval.dataset == dataset) return interval.minutes;
  }
  return std::nullopt;
}

std::optional<Dataset> candle_of(std::int64_t minutes) noexcept {
  for (const Interval& interval : kIntervals) {
    if (interval.minutes == minutes) return interval.dataset;
  }
  return std::nullopt;
}

bool share_a_key(Dataset a, Dataset b) noexcept { return a != b && channel_of(a) == channel_of(b); }

// Built by hand rather than by a JSON library: six members in a fixed order, pinned by a test.
std::string text_of(const Request& request) {
  std::string text = fmt::format(R"({{"method":"{}","params":{{"channel":"{}")",
                                 request.subscribe ? "subscribe" : "unsubscribe", channel_of(request.dataset));
  if (!request.symbols.empty()) append_symbols(request.symbols, text);
  const auto append = std::back_inserter(text);
  if (request.dataset == Dataset::kBook) fmt::format_to(append, R"(,"depth":{})", request.depth);
  if (request.dataset == Dataset::kBbo) text += R"(,"event_trigger":"bbo")";
  if (request.dataset == Dataset::kTicker) text += R"(,"event_trigger":"trades")";
  if (const auto minutes = minutes_of(request.dataset)) fmt::format_to(append, R"(,"interval":{})", *minutes);
  // Old trades on every connect would only be duplicates; all other channels begin with their present state.
  if (request.subscribe) fmt::format_to(append, R"(,"snapshot":{})", request.dataset != Dataset::kTrade);
  fmt::format_to(append, R"(}},"req_id":{}}})", request.req_id);
  return text;
}

std::int64_t request_id(std::int64_t count, Dataset dataset) noexcept {
  return kFirstRequestId + 2 * count + (dataset == Dataset::kBbo ? 1 : 0);
}

bool is_bbo_request(std::int64_t req_id) noexcept { return req_id >= kFirstRequestId && req_id % 2 == 1; }

}  // namespace millrace::normalize::kraken

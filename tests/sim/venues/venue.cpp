#include "tests/sim/venues/venue.h"

#include <charconv>

namespace millrace::sim {

std::string_view name(Channel channel) noexcept {
  switch (channel) {
    case Channel::kControl:
      return "control";
    case Channel::kHeartbeat:
      return "heartbeat";
    case Channel::kInstrument:
      return "instrument";
    case Channel::kBook:
      return "book";
    case Channel::kQuote:
      return "bbo";
    case Channel::kTrade:
      return "trade";
    case Channel::kTradeAgg:
      return "trade-agg";
    case Channel::kTicker:
      return "ticker";
    case Channel::kCandle:
      return "candle";
  }
  return "?";
}

std::string_view query_value(std::string_view query, std::string_view key) noexcept {
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto pair = query.substr(0, end);
    if (pair.size() > key.size() && pair[key.size()] == '=' && pair.substr(0, key.size()) == key) {
      return pair.substr(key.size() + 1);
    }
    if (end == std::string_view::npos) break;
    query.remove_prefix(end + 1);
  }
  return {};
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    const bool escape = text[i] == '%' && i + 2 < text.size() &&
                        std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ptr == text.data() + i + 3;
    out += escape ? static_cast<char>(value) : text[i];
    if (escape) i += 2;
  }
  return out;
}

}  // namespace millrace::sim

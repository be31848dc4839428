#include "normalize/venues/binance/streams.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace millrace::normalize::binance {
namespace {

constexpr std::string_view kDefaultSpeed = "100ms";

// ASCII only: a symbol may be any UTF-8, and other bytes stay as they are.
std::string lower(std::string_view symbol) {
  std::string out(symbol);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

constexpr bool is_unreserved(char c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '.' || c == '~';
}

// RFC 3986: some symbols have letters outside ASCII.
std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

// What is no escape stays as it is: recordings may hold anything.
std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    const bool escaped = text[i] == '%' && i + 2 < text.size() &&
                         std::from_chars(&text[i + 1], &text[i + 1] + 2, byte, 16).ptr == &text[i + 1] + 2;
    out += escaped ? static_cast<char>(byte) : text[i];
    if (escaped) i += 2;
  }
  return out;
}

std::string depth_stream(const VenueConfig& config, std::string_view speed) {
  const std::string_view wanted = speed.empty() ? kDefaultSpeed : speed;
  return wanted == config.plain_depth_speed ? "depth" : fmt::format("depth@{}", wanted);
}

}  // namespace

bool offers(const VenueConfig& config, Dataset dataset) noexcept {
  const auto datasets = config.capabilities.datasets;
  return std::any_of(datasets.begin(), datasets.end(), [=](const auto& one) { return one.dataset == dataset; });
}

// Lower case: "All symbols for streams are lowercase" (web-socket-streams.md).
std::optional<std::string> stream_name(const VenueConfig& config, const Subscription& wanted, std::string_view speed) {
  if (!offers(config, wanted.dataset)) return std::nullopt;
  std::string channel;
  switch (wanted.dataset) {
    case Dataset::kInstrument:
      return std::nullopt;
    case Dataset::kBook:
    case Dataset::kBboBook:
      channel = depth_stream(config, speed);
      break;
    case Dataset::kBbo:
      channel = "bookTicker";
      break;
    case Dataset::kTrade:
      channel = "trade";
      break;
    case Dataset::kTradeAgg:
      channel = "aggTrade";
      break;
    case Dataset::kTicker:
      channel = "ticker";
      break;
    default:
      channel = fmt::format("kline_{}", candle_interval(wanted.dataset));
  }
  return fmt::format("{}@{}", lower(wanted.symbol), channel);
}

// The split of USD-M's Important WebSocket Change Notice: order book and trades on one, everything derived on the
// other.
std::string_view route_of(const VenueConfig& config, Dataset dataset) noexcept {
  if (!config.routed) return {};
  const bool is_public = dataset == Dataset::kBook || dataset == Dataset::kBboBook || dataset == Dataset::kBbo ||
                         dataset == Dataset::kTrade;
  return is_public ? "/public" : "/market";
}

std::string control_text(std::string_view method, std::span<const std::string> streams, std::int64_t id) {
  std::string out = fmt::format(R"({{"method":"{}","params":[)", method);
  for (std::size_t i = 0; i < streams.size(); ++i) out += fmt::format(R"({}"{}")", i == 0 ? "" : ",", streams[i]);
  out += fmt::format(R"(],"id":{}}})", id);
  return out;
}

std::string depth_target(const VenueConfig& config, std::string_view symbol, int levels) {
  return fmt::format("{}?symbol={}&limit={}", config.depth_path, percent_encoded(symbol), levels);
}

Target parse_target(std::string_view target) {
  Target out;
  if (const auto space = target.find(' '); space != std::string_view::npos) target.remove_prefix(space + 1);
  const auto question = target.find('?');
  const std::string_view path = target.substr(0, question);
  if (path.ends_with("/depth")) out.kind = Target::Kind::kDepth;
  if (path.ends_with("/exchangeInfo")) out.kind = Target::Kind::kInfo;
  if (question == std::string_view::npos) return out;
  std::string_view rest = target.substr(question + 1);
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view value = pair.substr(equals + 1);
    int limit = 0;
    if (pair.starts_with("symbol=")) out.symbol = percent_decoded(value);
    if (pair.starts_with("limit=") &&
        std::from_chars(value.data(), value.data() + value.size(), limit).ec == std::errc{})
      out.limit = limit;
  }
  return out;
}

}  // namespace millrace::normalize::binance

#include "replay/history/csv.h"

#include <fmt/format.h>

#include <iterator>
#include <optional>
#include <type_traits>
#include <variant>

#include "schemas/events/decimal.h"

namespace millrace::history {
namespace {

using schemas::Decimal;
using schemas::WideDecimal;

// Visits the columns of a record in their order, twice: once for the names, once for the values. So the two cannot
// differ.
class Line {
 public:
  Line(bool names, std::string& out) : names_{names}, out_{out} {}

  template <class T>
  void operator()(std::string_view name, const T& value) {
    if (!first_) out_ += ',';
    first_ = false;
    if (names_) {
      out_ += name;
    } else {
      put(value);
    }
  }
  void end() { out_ += '\n'; }

 private:
  void put(std::string_view text) {
    if (text.find_first_of(",\"\r\n") == text.npos) {
      out_ += text;
      return;
    }
    out_ += '"';
    for (const char c : text) {
      if (c == '"') out_ += '"';
      out_ += c;
    }
    out_ += '"';
  }
  void put(const std::string& text) { put(std::string_view{text}); }
  void put(std::int64_t value) { fmt::format_to(std::back_inserter(out_), "{}", value); }
  void put(std::int32_t value) { put(std::int64_t{value}); }
  void put(bool value) { out_ += value ? "true" : "false"; }
  void put(const Decimal& value) { schemas::append_plain(value, out_); }
  void put(const WideDecimal& value) {
    if (value.text.empty()) return put(value.value);
    put(value.text);
  }
  template <class T>
  void put(const std::optional<T>& value) {
    if (value) put(*value);
  }

  bool names_;
  std::string& out_;
  bool first_ = true;
};

std::string flag_words(std::uint32_t flags) {
  std::string words;
  for (std::size_t bit = 0; bit < 32; ++bit) {
    if ((flags >> bit & 1) == 0) continue;
    words += words.empty() ? "" : "|";
    const std::string_view word = schemas::flag_name(bit);
    words += word.empty() ? std::to_string(std::uint64_t{1} << bit) : std::string{word};
  }
  return words;
}

std::string gap_words(std::span<const schemas::GapMark> marks) {
  std::string words;
  for (const schemas::GapMark& mark : marks) {
    words += words.empty() ? "" : "|";
    words += schemas::name(mark.kind);
    if (mark.from) words += fmt::format(" {}", *mark.from);
    if (mark.to) words += fmt::format("..{}", *mark.to);
  }
  return words;
}

void meta_columns(std::string_view dataset, const schemas::Meta& meta, Line& line) {
  static const schemas::StreamIdentity kNone;
  const schemas::StreamIdentity& stream = meta.stream == nullptr ? kNone : *meta.stream;
  line("dataset", dataset);
  line("venue", stream.venue);
  line("symbol", stream.symbol);
  line("instrument", stream.instrument);
  line("account", stream.account);
  line("epoch", meta.epoch);
  line("seq", meta.seq);
  line("venue_seq", meta.venue_seq);
  line("venue_time_ns", meta.venue_time);
  line("venue_send_time_ns", meta.venue_send_time);
  line("receive_time_ns", meta.receive_time);
  line("publish_time_ns", meta.publish_time);
  line("staleness_ns", meta.staleness_ns);
  line("origin", schemas::name(meta.origin));
  line("flags", flag_words(meta.flags));
  line("gap", gap_words(meta.gap));
}

void body_columns(const schemas::Bbo& body, Line& line) {
  const auto number = [&](const std::optional<schemas::Level>& level, std::int64_t schemas::Level::*member,
                          std::int32_t exponent) -> std::optional<Decimal> {
    if (!level) return std::nullopt;
    return Decimal{(*level).*member, exponent};
  };
  line("bid_price", number(body.bid, &schemas::Level::price, body.price_exponent));
  line("bid_quantity", number(body.bid, &schemas::Level::quantity, body.quantity_exponent));
  line("ask_price", number(body.ask, &schemas::Level::price, body.price_exponent));
  line("ask_quantity", number(body.ask, &schemas::Level::quantity, body.quantity_exponent));
}

void body_columns(const schemas::Trade& body, Line& line) {
  line("trade_id", body.trade_id);
  line("price", Decimal{body.price, body.price_exponent});
  line("quantity", Decimal{body.quantity, body.quantity_exponent});
  line("aggressor", schemas::name(body.aggressor));
  line("first_trade_id", body.first_trade_id);
  line("last_trade_id", body.last_trade_id);
  line("order_type", body.order_type);
}

void body_columns(const schemas::Ticker& body, Line& line) {
  line("last", body.last);
  line("last_quantity", body.last_quantity);
  line("open", body.open);
  line("high", body.high);
  line("low", body.low);
  line("volume", body.volume);
  line("quote_volume", body.quote_volume);
  line("vwap", body.vwap);
  line("change", body.change);
  line("change_percent", body.change_percent);
  line("bid", body.bid);
  line("bid_quantity", body.bid_quantity);
  line("ask", body.ask);
  line("ask_quantity", body.ask_quantity);
  line("trades", body.trades);
  line("open_time_ns", body.open_time);
  line("close_time_ns", body.close_time);
}

void body_columns(const schemas::Candle& body, Line& line) {
  line("interval", body.interval);
  line("open_time_ns", body.open_time);
  line("close_time_ns", body.close_time);
  line("open", body.open);
  line("high", body.high);
  line("low", body.low);
  line("close", body.close);
  line("volume", body.volume);
  line("quote_volume", body.quote_volume);
  line("vwap", body.vwap);
  line("trades", body.trades);
  line("closed", body.closed);
  line("taker_buy_volume", body.taker_buy_volume);
  line("taker_buy_quote_volume", body.taker_buy_quote_volume);
}

void body_columns(const schemas::Instrument& body, Line& line) {
  line("kind", schemas::name(body.kind));
  line("status", schemas::name(body.status));
  line("status_text", body.status_text);
  line("base", body.base);
  line("quote", body.quote);
  line("settle", body.settle);
  line("tick_size", body.tick_size);
  line("quantity_step", body.quantity_step);
  line("min_quantity", body.min_quantity);
  line("min_notional", body.min_notional);
  line("price_decimals", body.price_decimals);
  line("quantity_decimals", body.quantity_decimals);
  line("contract_size", body.contract_size);
  line("expiry_time_ns", body.expiry_time);
}

void body_columns(const schemas::Execution& body, Line& line) {
  line("kind", schemas::name(body.kind));
  line("status", schemas::name(body.status));
  line("event_id", body.event_id);
  line("revision", body.revision);
  line("order_id", body.order_id);
  line("client_order_id", body.client_order_id);
  line("execution_id", body.execution_id);
  line("side", schemas::name(body.side));
  line("order_type", body.order_type);
  line("time_in_force", body.time_in_force);
  line("price", body.price);
  line("stop_price", body.stop_price);
  line("quantity", body.quantity);
  line("last_price", body.last_price);
  line("last_quantity", body.last_quantity);
  line("cumulative_quantity", body.cumulative_quantity);
  line("leaves_quantity", body.leaves_quantity);
  line("average_price", body.average_price);
  line("fee", body.fee);
  line("fee_asset", body.fee_asset);
  line("liquidity", schemas::name(body.liquidity));
  line("reason", body.reason);
  line("unseen_order", body.unseen_order);
}

void body_columns(const schemas::Balance& body, Line& line) {
  line("kind", schemas::name(body.kind));
  line("asset", body.asset);
  line("wallet", body.wallet);
  line("total", body.total);
  line("available", body.available);
  line("locked", body.locked);
  line("change", body.change);
  line("fee", body.fee);
  line("cause", body.cause);
  line("event_id", body.event_id);
}

template <class Body>
void lines_of(std::string_view dataset, const schemas::Meta& meta, const Body& body, bool names, std::string& out) {
  Line line{names, out};
  meta_columns(dataset, meta, line);
  body_columns(body, line);
  line.end();
}

// One line a level.
void level_line(std::string_view dataset, const schemas::Meta& meta, const schemas::Book& body, std::string_view side,
                const schemas::Level* level, bool names, std::string& out) {
  Line line{names, out};
  meta_columns(dataset, meta, line);
  line("kind", schemas::name(body.kind));
  line("side", side);
  std::optional<Decimal> price, quantity;
  if (level != nullptr) {
    price = Decimal{level->price, body.price_exponent};
    quantity = Decimal{level->quantity, body.quantity_exponent};
  }
  line("price", price);
  line("quantity", quantity);
  line.end();
}

void lines_of(std::string_view dataset, const schemas::Meta& meta, const schemas::Book& body, bool names,
              std::string& out) {
  if (names || (body.bids.empty() && body.asks.empty())) {
    return level_line(dataset, meta, body, {}, nullptr, names, out);
  }
  for (const schemas::Level& level : body.bids) level_line(dataset, meta, body, "bid", &level, names, out);
  for (const schemas::Level& level : body.asks) level_line(dataset, meta, body, "ask", &level, names, out);
}

template <class Body>
void names_of(std::string& out) {
  lines_of({}, schemas::Meta{}, Body{}, true, out);
}

}  // namespace

bool has_csv(schemas::MessageType type) noexcept {
  using schemas::MessageType;
  return type <= MessageType::kInstrument || type == MessageType::kExecution || type == MessageType::kBalance;
}

void append_csv_header(schemas::MessageType type, std::string& out) {
  using schemas::MessageType;
  switch (type) {
    case MessageType::kBook:
      return names_of<schemas::Book>(out);
    case MessageType::kBbo:
      return names_of<schemas::Bbo>(out);
    case MessageType::kTrade:
      return names_of<schemas::Trade>(out);
    case MessageType::kTicker:
      return names_of<schemas::Ticker>(out);
    case MessageType::kCandle:
      return names_of<schemas::Candle>(out);
    case MessageType::kInstrument:
      return names_of<schemas::Instrument>(out);
    case MessageType::kExecution:
      return names_of<schemas::Execution>(out);
    default:
      return names_of<schemas::Balance>(out);
  }
}

bool append_csv(schemas::MessageType type, std::string_view dataset, std::string_view bytes, std::string& out) {
  const auto record = schemas::decode(type, bytes);
  if (!record || !has_csv(type)) return false;
  std::visit(
      [&]<class T>(const T& one) {
        if constexpr (requires(Line & line) { body_columns(one.body, line); } ||
                      std::is_same_v<T, schemas::Decoded<schemas::Book>>) {
          lines_of(dataset, one.meta, one.body, false, out);
        }
      },
      *record);
  return true;
}

}  // namespace millrace::history

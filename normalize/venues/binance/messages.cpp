#include "normalize/venues/binance/messages.h"

#include <fmt/format.h>

#include <algorithm>

#include "normalize/venues/binance/message_reader.h"
#include "normalize/venues/binance/plain_reader.h"

namespace millrace::normalize::binance {
namespace {

constexpr std::string_view kWrapped = "{\"stream\":";
constexpr std::string_view kTyped = "{\"e\":";
constexpr std::string_view kUntypedQuote = "{\"u\":";

// From "e" of an event.
MessageKind kind_of_event(std::string_view event) noexcept {
  if (event == "bookTicker") return MessageKind::kQuote;
  if (event == "depthUpdate") return MessageKind::kDepth;
  if (event == "trade") return MessageKind::kTrade;
  if (event == "aggTrade") return MessageKind::kAggTrade;
  if (event == "kline") return MessageKind::kCandle;
  if (event == "24hrTicker") return MessageKind::kTicker;
  if (event == "serverShutdown") return MessageKind::kShutdown;
  return MessageKind::kOther;
}

// From a stream's name, "btcusdt@depth@100ms". Partial books (depth5, depth10, depth20) look like updates on futures
// but are whole states: they are not read.
MessageKind kind_of_stream(std::string_view stream) noexcept {
  const std::size_t at = stream.find('@');
  if (at == stream.npos) return stream == "!serverShutdown" ? MessageKind::kShutdown : MessageKind::kOther;
  const std::string_view channel = stream.substr(at + 1);
  if (channel == "bookTicker") return MessageKind::kQuote;
  if (channel == "depth" || channel.starts_with("depth@")) return MessageKind::kDepth;
  if (channel == "trade") return MessageKind::kTrade;
  if (channel == "aggTrade") return MessageKind::kAggTrade;
  if (channel.starts_with("kline_")) return MessageKind::kCandle;
  return channel == "ticker" ? MessageKind::kTicker : MessageKind::kOther;
}

// Looks members up wherever they stand. After a syntax error simdjson's object may not be asked again: then nothing is
// found any more, and `broken` says why.
struct Members {
  od::object& object;
  simdjson::error_code broken = simdjson::SUCCESS;

  bool found(simdjson::error_code code) noexcept {
    const bool sound = code == simdjson::SUCCESS || code == simdjson::NO_SUCH_FIELD || code == simdjson::INCORRECT_TYPE;
    if (!sound) broken = code;
    return code == simdjson::SUCCESS;
  }
  // Empty if it is no text or not there.
  std::string_view text(std::string_view key) {
    od::raw_json_string raw;
    if (broken != simdjson::SUCCESS) return {};
    return found(object.find_field_unordered(key).get_raw_json_string().get(raw)) ? text_to_quote(raw.raw())
                                                                                  : std::string_view{};
  }
  bool has(std::string_view key) {
    return broken == simdjson::SUCCESS && found(object.find_field_unordered(key).error());
  }
};

struct Classified {
  MessageKind kind = MessageKind::kOther;
  bool wrapped = false;
  // What PlainReader begins with: the message, in the combined form from behind the stream's name.
  std::string_view plain = {};
};

// By the first bytes, which is all it takes for what Binance sends today.
std::optional<Classified> classify_fast(std::string_view text) noexcept {
  if (text.starts_with(kUntypedQuote)) return Classified{MessageKind::kQuote, false, text};
  const bool wrapped = text.starts_with(kWrapped);
  if (!wrapped && !text.starts_with(kTyped)) return std::nullopt;
  const std::string_view rest = text.substr((wrapped ? kWrapped : kTyped).size());
  PlainScan scan(rest);
  std::string_view name;
  if (!scan.text(name)) return std::nullopt;
  if (!wrapped) return Classified{kind_of_event(name), false, text};
  return Classified{kind_of_stream(name), true, rest.substr(scan.text_since(rest.data()).size())};
}

bool read_plain(MessageDecoder& decoder, const Classified& found) {
  PlainReader reader(decoder, found.plain);
  return found.wrapped ? reader.read_wrapped(found.kind) : reader.read(found.kind);
}

// Any order of keys and any white space; moves the object, reset it after.
Classified classify(Members& members) {
  if (const auto stream = members.text("stream"); !stream.empty()) return {kind_of_stream(stream), true};
  if (const auto event = members.text("e"); !event.empty()) return {kind_of_event(event), false};
  if (members.has("u") && members.has("s") && members.has("B")) return {MessageKind::kQuote, false};
  const bool reply = members.has("result") || members.has("id") || members.has("error");
  return {reply ? MessageKind::kReply : MessageKind::kOther, false};
}

// Looks for the kind wherever it stands; where nothing says it, what the beginning told stays. False: broken JSON.
bool find_kind(od::object& root, std::optional<Classified>& found) {
  Members members{root};
  const Classified whole = classify(members);
  if (members.broken != simdjson::SUCCESS || root.reset().error() != simdjson::SUCCESS) return false;
  if (!found || whole.kind != MessageKind::kOther) found = whole;
  return true;
}

// Kinds without a reader are walked through all the same: a frame that is cut short is an error, whatever it was about.
bool read_message(MessageReader& reader, MessageKind kind, od::object& object) {
  switch (kind) {
    case MessageKind::kQuote:
      return reader.read_quote(object);
    case MessageKind::kDepth:
      return reader.read_depth(object);
    case MessageKind::kTrade:
    case MessageKind::kAggTrade:
      return reader.read_trade(object, kind);
    case MessageKind::kCandle:
      return reader.read_candle(object);
    case MessageKind::kTicker:
      return reader.read_ticker(object);
    case MessageKind::kReply:
      return reader.read_reply(object);
    case MessageKind::kShutdown:
    case MessageKind::kOther:
      return reader.each_field(object, [](const char*, od::value&) { return true; });
  }
  return false;
}

bool read_wrapped(MessageReader& outer, MessageKind kind, od::object& root) {
  bool has_data = false;
  const bool read = outer.each_field(root, [&](const char* key, od::value& value) {
    if (!MessageReader::is(key, "data")) return true;
    has_data = true;
    od::object data;
    // Arrays of all symbols are not subscribed to.
    if (kind == MessageKind::kOther) return true;
    if (const auto code = value.get_object().get(data)) return outer.fail(code, "data");
    MessageReader inner{outer.decoder, "data."};
    return read_message(inner, kind, data);
  });
  return read && (has_data || outer.fail(Errc::kMissingField, "data"));
}

}  // namespace

MessageDecoder::MessageDecoder(const InstrumentTable& table) : table_(table) {}

Decimals MessageDecoder::first_decimals(const Header& header) const noexcept {
  if (!header.instrument) return {};
  const InstrumentInfo& info = table_[*header.instrument];
  return {std::max(0, info.price_decimals), std::max(0, info.quantity_decimals)};
}

// Three ways, each falling back on the next: one pass for the hot messages as the venue writes them, a walk over the
// fields where the beginning tells the kind, and a look for it anywhere. The first is an optimization only: what it
// accepts means the same to the others.
std::optional<MessageKind> MessageDecoder::decode(std::string_view text) {
  auto found = classify_fast(text);
  if (found && read_plain(*this, *found)) return found->kind;
  MessageReader reader{*this, ""};
  od::document document;
  od::object root;
  if (const auto code = open_document(parser_, text, document)) {
    reader.fail_syntax(code);
    return std::nullopt;
  }
  if (const auto code = document.get_object().get(root)) {
    reader.fail(code, "message");
    return std::nullopt;
  }
  // A quote alone begins with its id where the venue writes it; where others have written it anew, anything may.
  const bool sure = found && !text.starts_with(kUntypedQuote);
  if (!sure && !find_kind(root, found)) {
    reader.fail_syntax(simdjson::TAPE_ERROR);
    return std::nullopt;
  }
  const bool read = found->wrapped ? read_wrapped(reader, found->kind, root) : read_message(reader, found->kind, root);
  return read ? std::optional(found->kind) : std::nullopt;
}

// The decimals begin where the instrument's book stands, so that usually no row has to be raised.
bool MessageDecoder::decode_snapshot(std::string_view text, std::string_view symbol) {
  static_cast<Header&>(snapshot) = {};
  snapshot.bids.clear();
  snapshot.asks.clear();
  snapshot.symbol = symbol;
  snapshot.instrument = table_.find(symbol);
  MessageReader reader{*this, ""};
  snapshot.decimals = first_decimals(snapshot);
  od::document document;
  od::object root;
  if (const auto code = open_document(parser_, text, document)) return reader.fail_syntax(code);
  if (const auto code = document.get_object().get(root)) return reader.fail(code, "message");
  return reader.read_snapshot(root);
}

}  // namespace millrace::normalize::binance

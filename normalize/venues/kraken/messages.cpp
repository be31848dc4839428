#include "normalize/venues/kraken/messages.h"

#include <limits>

#include "normalize/venues/kraken/fields.h"

namespace millrace::normalize::kraken {

namespace {

// By frequency.
MessageKind kind_of(std::string_view channel) noexcept {
  if (channel == "book") return MessageKind::kBook;
  if (channel == "ticker") return MessageKind::kTicker;
  if (channel == "trade") return MessageKind::kTrade;
  if (channel == "heartbeat") return MessageKind::kHeartbeat;
  if (channel == "ohlc") return MessageKind::kCandle;
  if (channel == "instrument") return MessageKind::kInstrument;
  if (channel == "status") return MessageKind::kStatus;
  return MessageKind::kUnknown;  // level3, executions, balances: not ours
}

// {"channel":"status","type":"update","data":[{"version":"2.0.10","system":"online",...}]}. connection_id is skipped:
// it exceeds int64 and recordings have it blacked out.
Result<void> read_status(od::object& root, std::string_view& system) {
  od::array rows;
  if (const auto error = root.find_field_unordered("data").get_array().get(rows)) return field_error(error, "data");
  system = {};
  return for_each_row(rows, "data", [&system](od::object& object, std::size_t row) -> Result<void> {
    if (const auto error = string_member(object, "system", system)) return data_error(error, row, "system");
    return {};
  });
}

// {"method":"subscribe","result":{"channel":"book","depth":25,"symbol":"BTC/USD"},"success":true,"req_id":7}
// {"method":"subscribe","error":"Currency pair not supported XBT/USD","success":false,"symbol":"XBT/USD"}
Result<void> read_reply(od::object& root, Reply& out) {
  out = Reply{};
  bool success = false;
  if (const auto error = root.find_field_unordered("success").get_bool().get(success)) {
    return field_error(error, "success");
  }
  out.success = success;
  if (const auto error = optional_string(root, "error", out.error)) return field_error(error, "error");
  if (const auto error = optional_string(root, "symbol", out.symbol)) return field_error(error, "symbol");
  if (const auto error = optional_int(root, "req_id", out.req_id)) return field_error(error, "req_id");
  od::object result;
  const auto missing = root.find_field_unordered("result").get_object().get(result);
  if (missing == simdjson::NO_SUCH_FIELD && !success) return {};
  if (missing) return field_error(missing, "result");
  if (const auto error = string_member(result, "channel", out.channel)) return field_error(error, "result.channel");
  if (const auto error = optional_int(result, "depth", out.depth)) return field_error(error, "result.depth");
  if (const auto error = optional_int(result, "interval", out.interval)) return field_error(error, "result.interval");
  const auto trigger = optional_string(result, "event_trigger", out.event_trigger);
  if (trigger) return field_error(trigger, "result.event_trigger");
  // The instrument channel has no symbol.
  if (const auto error = optional_string(result, "symbol", out.symbol)) return field_error(error, "result.symbol");
  return {};
}

// A frame without "channel": an answer to something that was sent.
[[gnu::noinline]] Result<void> read_answer(od::object& root, Message& out) {
  std::string_view method;
  out.kind = MessageKind::kUnknown;
  const auto error = string_member(root, "method", method);
  if (error == simdjson::NO_SUCH_FIELD) return {};
  if (error) return field_error(error, "method");
  if (method == "pong") out.kind = MessageKind::kPong;
  if (method != "subscribe" && method != "unsubscribe") return {};
  out.kind = MessageKind::kReply;
  if (auto done = read_reply(root, out.reply); !done) return done;
  out.reply.subscribe = method == "subscribe";
  return {};
}

// The body of a frame of channel `out.kind`. Kept apart from the flattened header: each body is flattened by itself.
[[gnu::noinline]] Result<void> read_data(od::object& root, Message& out) {
  switch (out.kind) {
    case MessageKind::kBook:
      return read_book(root, out.book);
    case MessageKind::kTrade:
      return read_trades(root, out.trades);
    case MessageKind::kTicker:
      return read_tickers(root, out.tickers);
    case MessageKind::kCandle:
      return read_candles(root, out);
    case MessageKind::kInstrument:
      return read_pairs(root, out);
    case MessageKind::kStatus:
      return read_status(root, out.system);
    default:
      return {};
  }
}

// Reads everything of a frame but its end.
Result<void> read_frame(od::object& root, Message& out) {
  std::string_view channel;
  const auto error = string_member(root, "channel", channel);
  if (error == simdjson::NO_SUCH_FIELD) return read_answer(root, out);
  if (error) return field_error(error, "channel");
  out.kind = kind_of(channel);
  if (out.kind == MessageKind::kUnknown || out.kind == MessageKind::kHeartbeat) return {};
  std::string_view type;
  if (const auto wrong = string_member(root, "type", type)) return field_error(wrong, "type");
  out.snapshot = type == "snapshot";
  if (out.snapshot || type == "update") return read_data(root, out);
  out.kind = MessageKind::kUnknown;
  return {};
}

}  // namespace

MessageReader::MessageReader() = default;

// Nothing counts before the end of the text was seen: a frame that was cut in the middle may look whole to a parser
// that reads values on demand, and two documents in one frame are none.
MILLRACE_FLATTEN Result<void> MessageReader::read(std::string_view text, Message& out) {
  od::document document;
  if (const auto error = open_document(parser_, text, document)) return field_error(error, "frame");
  od::object root;
  if (const auto error = document.get_object().get(root)) return field_error(error, "frame");
  if (auto done = read_frame(root, out); !done) return done;
  if (const auto error = finish(root)) return field_error(error, "frame");
  if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) return Error{Errc::kBadJson, "frame"};
  return {};
}

}  // namespace millrace::normalize::kraken

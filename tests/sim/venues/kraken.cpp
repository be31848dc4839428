#include "tests/sim/venues/kraken.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>

#include "tests/sim/market/number.h"
#include "tests/sim/venues/kraken_messages.h"

namespace millrace::sim {

namespace {

constexpr std::array kDepths{10, 25, 100, 500, 1000};
constexpr std::array kIntervals{1, 5, 15, 30, 60, 240, 1440, 10080, 21600};
constexpr std::int64_t kHeartbeatAfter = 1'000'000'000;

}  // namespace

// A subscribe or unsubscribe as the client sent it.
struct KrakenVenue::Request {
  std::string method;
  std::string channel;
  std::vector<std::string> symbols;
  std::optional<std::int64_t> req_id;
  std::int64_t depth = 10;
  std::int64_t interval = 1;
  std::string trigger = "trades";
  std::optional<bool> snapshot;
  std::int64_t time_in = 0;
  std::string problem;  // why it cannot be served at all

  explicit Request(const simdjson::dom::element& message);
  std::optional<Stream> stream() const;
};

KrakenVenue::Request::Request(const simdjson::dom::element& message) {
  std::string_view text;
  if (message["method"].get(text) == simdjson::SUCCESS) method = text;
  std::int64_t number = 0;
  if (message["req_id"].get(number) == simdjson::SUCCESS) req_id = number;
  const auto params = message["params"];
  if (params["channel"].get(text) == simdjson::SUCCESS) channel = text;
  if (params["event_trigger"].get(text) == simdjson::SUCCESS) trigger = text;
  if (params["depth"].get(number) == simdjson::SUCCESS) depth = number;
  if (params["interval"].get(number) == simdjson::SUCCESS) interval = number;
  bool flag = false;
  if (params["snapshot"].get(flag) == simdjson::SUCCESS) snapshot = flag;
  simdjson::dom::array list;
  if (params["symbol"].get(list) == simdjson::SUCCESS) {
    for (const auto symbol : list) {
      if (symbol.get(text) == simdjson::SUCCESS) symbols.emplace_back(text);
    }
  }
  if (params["symbol"].get(text) == simdjson::SUCCESS) problem = "Symbol must be an array";
}

// The stream without its instrument; nullopt if there is no such channel, depth or interval.
std::optional<KrakenVenue::Stream> KrakenVenue::Request::stream() const {
  Stream wanted;
  if (channel == "trade") wanted.channel = Channel::kTrade;
  if (channel == "ticker") wanted.channel = trigger == "bbo" ? Channel::kQuote : Channel::kTicker;
  if (channel == "book" && std::count(kDepths.begin(), kDepths.end(), depth) != 0) {
    wanted.channel = Channel::kBook;
    wanted.detail = static_cast<int>(depth);
  }
  if (channel == "ohlc" && std::count(kIntervals.begin(), kIntervals.end(), interval) != 0) {
    wanted.channel = Channel::kCandle;
    wanted.detail = static_cast<int>(interval);
  }
  if (wanted.channel == Channel::kControl) return std::nullopt;
  return wanted;
}

KrakenVenue::KrakenVenue(std::vector<Instrument> instruments, Limits limits, Clock clock, Outbox& outbox)
    : instruments_(std::move(instruments)), limits_(limits), clock_(std::move(clock)), outbox_(&outbox) {
  for (std::size_t i = 0; i < instruments_.size(); ++i) {
    by_symbol_.emplace(instruments_[i].symbol, i);
    const auto names = kraken::rest_names(instruments_[i]);
    for (const auto& spelling : {names.key, names.altname, names.wsname, instruments_[i].symbol}) {
      by_rest_name_.emplace(spelling, i);
    }
  }
}

KrakenVenue::~KrakenVenue() = default;

Limits KrakenVenue::default_limits() {
  Limits limits;
  limits.connects = 150;
  limits.connect_window_s = 600;
  return limits;
}

std::vector<std::string> KrakenVenue::symbols() const {
  std::vector<std::string> all;
  for (const Instrument& instrument : instruments_) all.push_back(instrument.symbol);
  return all;
}

std::size_t KrakenVenue::find(std::string_view symbol) const noexcept {
  const auto found = by_symbol_.find(std::string(symbol));
  return found == by_symbol_.end() ? kUnknown : found->second;
}

const KrakenVenue::Clients* KrakenVenue::clients_of(const Stream& stream) const noexcept {
  const auto found = streams_.find(stream);
  return found == streams_.end() ? nullptr : &found->second;
}

int KrakenVenue::granted_depth(std::size_t, int asked) const { return asked; }
void KrakenVenue::on_unsubscribed(ClientId, const Stream&) {}

void KrakenVenue::send(ClientId client, std::string_view text, const Tag& tag) {
  const auto session = sessions_.find(client);
  if (session != sessions_.end()) session->second.last_sent_ns = now();
  outbox_->send(client, text, tag);
}

void KrakenVenue::broadcast(const Clients& clients, std::string_view text, const Tag& tag) {
  for (const ClientId client : clients) send(client, text, tag);
}

void KrakenVenue::on_open(ClientId client, std::string_view, std::string_view) {
  sessions_[client] = {};
  std::string text;
  // Larger than a signed 64-bit integer, as the venue's are.
  kraken::append_status(text, 0xC000'0000'0000'0000ULL + client);
  send(client, text, {});
}

void KrakenVenue::on_close(ClientId client) {
  const auto session = sessions_.find(client);
  if (session == sessions_.end()) return;
  const auto streams = session->second.streams;
  for (const Stream& stream : streams) remove(client, stream);
  sessions_.erase(client);
}

void KrakenVenue::on_text(ClientId client, std::string_view text) {
  const std::int64_t time_in = now();
  simdjson::dom::parser parser;
  simdjson::dom::element message;
  if (parser.parse(text.data(), text.size()).get(message) != simdjson::SUCCESS) {
    return send(client, R"({"error":"Malformed request","method":null,"success":false})", {});
  }
  Request request(message);
  request.time_in = time_in;
  if (request.method == "ping") {
    std::string pong = R"({"method":"pong")";
    if (request.req_id) pong += fmt::format(R"(,"req_id":{})", *request.req_id);
    pong += R"(,"time_in":")";
    append_rfc3339(pong, time_in);
    pong += R"(","time_out":")";
    append_rfc3339(pong, now());
    return send(client, pong + "\"}", {});
  }
  if (request.method == "subscribe") return subscribe(client, request);
  if (request.method == "unsubscribe") return unsubscribe(client, request);
  refuse(client, request, "Unsupported method", "");
}

void KrakenVenue::subscribe(ClientId client, const Request& request) {
  if (!request.problem.empty()) return refuse(client, request, request.problem, "");
  if (request.channel == "instrument") return subscribe_instruments(client, request);
  if (!request.stream()) return refuse(client, request, "Subscription not supported: " + request.channel, "");
  if (request.symbols.empty()) return refuse(client, request, "Symbol(s) not found", "");
  for (const std::string& symbol : request.symbols) subscribe_one(client, request, symbol);
}

void KrakenVenue::subscribe_one(ClientId client, const Request& request, std::string_view symbol) {
  Stream stream = *request.stream();
  stream.instrument = find(symbol);
  if (stream.instrument == kUnknown) {
    return refuse(client, request, fmt::format("Currency pair not supported {}", symbol), symbol);
  }
  if (stream.channel == Channel::kBook) stream.detail = granted_depth(stream.instrument, stream.detail);
  Session& session = sessions_[client];
  if (!session.streams.insert(stream).second) return refuse(client, request, "Already subscribed", symbol);
  acknowledge(client, request, stream, symbol);
  streams_[stream].push_back(client);
  ++subscriptions_;
  // Trades are the one channel whose snapshot must be asked for.
  on_subscribed(client, stream, request.snapshot.value_or(stream.channel != Channel::kTrade));
}

void KrakenVenue::unsubscribe(ClientId client, const Request& request) {
  if (request.channel == "instrument") {
    sessions_[client].instrument_channel = false;
    return acknowledge(client, request, {0, Channel::kInstrument, 0}, "");
  }
  for (const std::string& symbol : request.symbols) {
    Stream stream = request.stream().value_or(Stream{});
    stream.instrument = find(symbol);
    if (stream.instrument != kUnknown && stream.channel == Channel::kBook) {
      stream.detail = granted_depth(stream.instrument, stream.detail);
    }
    if (!remove(client, stream)) {
      refuse(client, request, "Subscription Not Found", symbol);
      continue;
    }
    acknowledge(client, request, stream, symbol);
    on_unsubscribed(client, stream);
  }
}

bool KrakenVenue::remove(ClientId client, const Stream& stream) {
  if (sessions_[client].streams.erase(stream) == 0) return false;
  const auto found = streams_.find(stream);
  std::erase(found->second, client);
  if (found->second.empty()) streams_.erase(found);
  --subscriptions_;
  return true;
}

void KrakenVenue::subscribe_instruments(ClientId client, const Request& request) {
  sessions_[client].instrument_channel = true;
  acknowledge(client, request, {0, Channel::kInstrument, 0}, "");
  if (!request.snapshot.value_or(true)) return;
  std::string text;
  kraken::append_instruments(text, instruments_);
  send(client, text, {.channel = Channel::kInstrument, .snapshot = true});
}

namespace {

void append_times(std::string& out, std::int64_t time_in, std::int64_t time_out, std::optional<std::int64_t> req_id) {
  out += R"(,"time_in":")";
  append_rfc3339(out, time_in);
  out += R"(","time_out":")";
  append_rfc3339(out, time_out);
  out += '"';
  if (req_id) fmt::format_to(std::back_inserter(out), R"(,"req_id":{})", *req_id);
  out += '}';
}

}  // namespace

void KrakenVenue::acknowledge(ClientId client, const Request& request, const Stream& stream, std::string_view symbol) {
  std::string text = fmt::format(R"({{"method":"{}","result":{{"channel":"{}")", request.method, request.channel);
  if (stream.channel == Channel::kBook) text += fmt::format(R"(,"depth":{})", stream.detail);
  if (stream.channel == Channel::kCandle) text += fmt::format(R"(,"interval":{})", stream.detail);
  if (request.channel == "ticker") text += fmt::format(R"(,"event_trigger":"{}")", request.trigger);
  if (request.method == "subscribe") {
    text += fmt::format(R"(,"snapshot":{})", request.snapshot.value_or(stream.channel != Channel::kTrade));
  }
  if (!symbol.empty()) text += fmt::format(R"(,"symbol":"{}")", symbol);
  text += R"(},"success":true)";
  append_times(text, request.time_in, now(), request.req_id);
  send(client, text, {});
}

void KrakenVenue::refuse(ClientId client, const Request& request, std::string_view error, std::string_view symbol) {
  std::string text = fmt::format(R"({{"error":"{}","method":"{}","success":false)", error, request.method);
  if (!symbol.empty()) text += fmt::format(R"(,"symbol":"{}")", symbol);
  append_times(text, request.time_in, now(), request.req_id);
  send(client, text, {});
}

void KrakenVenue::on_second() {
  const std::int64_t deadline = now() - kHeartbeatAfter;
  for (auto& [client, session] : sessions_) {
    const bool subscribed = !session.streams.empty() || session.instrument_channel;
    if (subscribed && session.last_sent_ns <= deadline) {
      send(client, R"({"channel":"heartbeat"})", {.channel = Channel::kHeartbeat});
    }
  }
}

}  // namespace millrace::sim

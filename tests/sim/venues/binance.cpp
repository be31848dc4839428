#include "tests/sim/venues/binance.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cctype>
#include <iterator>

#include "schemas/events/time.h"

namespace millrace::sim {

namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// "depth@100ms" -> book, and so on; kControl for what the simulator does not serve.
Channel channel_of(std::string_view detail) {
  if (detail == "depth" || detail.starts_with("depth@")) return Channel::kBook;
  if (detail == "bookTicker") return Channel::kQuote;
  if (detail == "trade") return Channel::kTrade;
  if (detail == "aggTrade") return Channel::kTradeAgg;
  if (detail == "ticker") return Channel::kTicker;
  if (detail.starts_with("kline_") && binance::interval_ms(detail.substr(6)) > 0) return Channel::kCandle;
  return Channel::kControl;
}

// Address without the futures' route: "/public/stream" -> "/stream".
std::string_view without_route(std::string_view path) {
  for (const std::string_view route : {"/public", "/market"}) {
    if (path.starts_with(route)) return path.substr(route.size());
  }
  return path;
}

}  // namespace

BinanceVenue::BinanceVenue(binance::Product product, std::vector<Instrument> instruments, Limits limits, Clock clock,
                           Outbox& outbox)
    : product_(product),
      instruments_(std::move(instruments)),
      limits_(limits),
      clock_(std::move(clock)),
      outbox_(&outbox),
      budget_(limits.rest_weight_per_minute),
      by_instrument_(instruments_.size()) {
  for (std::size_t i = 0; i < instruments_.size(); ++i) by_lower_.emplace(lower(instruments_[i].symbol), i);
}

BinanceVenue::~BinanceVenue() = default;

Limits BinanceVenue::default_limits(binance::Product product) {
  const bool spot = product == binance::Product::kSpot;
  Limits limits;
  limits.messages_per_second = spot ? 5 : 10;
  limits.streams_per_connection = 1024;
  limits.connects = 300;
  limits.rest_weight_per_minute = spot ? 6000 : 2400;
  limits.lifetime_s = 86'400;
  limits.ping_interval_s = spot ? 20 : 180;
  limits.pong_timeout_s = spot ? 60 : 600;
  return limits;
}

std::string_view BinanceVenue::name() const noexcept {
  return product_ == binance::Product::kSpot ? "binance-spot" : "binance-usdm";
}

std::vector<std::string> BinanceVenue::symbols() const {
  std::vector<std::string> all;
  for (const Instrument& instrument : instruments_) all.push_back(instrument.symbol);
  return all;
}

binance::Source BinanceVenue::source(std::size_t instrument) const {
  return {product_, &instruments_[instrument], now() / 1'000'000};
}

std::size_t BinanceVenue::find_lower(std::string_view symbol) const noexcept {
  const auto found = by_lower_.find(std::string(symbol));
  return found == by_lower_.end() ? kUnknown : found->second;
}

bool BinanceVenue::serves(std::string_view path) const {
  const auto rest = product_ == binance::Product::kUsdm ? without_route(path) : path;
  return rest == "/ws" || rest.starts_with("/ws/") || rest == "/stream";
}

void BinanceVenue::on_subscribed(ClientId, const Stream&) {}

void BinanceVenue::on_open(ClientId client, std::string_view path, std::string_view query) {
  Session& session = sessions_[client];
  if (path.starts_with("/public")) session.route = Route::kPublic;
  if (path.starts_with("/market")) session.route = Route::kMarket;
  const auto rest = without_route(path);
  session.combined = rest == "/stream";
  std::string names = session.combined ? percent_decoded(query_value(query, "streams"))
                                       : percent_decoded(rest.size() > 4 ? rest.substr(4) : std::string_view{});
  for (std::size_t at = 0; at < names.size();) {
    const auto end = std::min(names.find('/', at), names.size());
    if (end > at && !subscribe(client, std::string_view(names).substr(at, end - at))) return;
    at = end + 1;
  }
}

void BinanceVenue::on_close(ClientId client) {
  const auto session = sessions_.find(client);
  if (session == sessions_.end()) return;
  const auto names = session->second.streams;
  for (const std::string& stream_name : names) unsubscribe(client, stream_name);
  sessions_.erase(client);
}

bool BinanceVenue::within_message_rate(ClientId client) {
  const auto session = sessions_.find(client);
  if (session == sessions_.end()) return false;
  if (session->second.messages.admit(limits_.messages_per_second, kSecond, now())) return true;
  outbox_->close(client, 1008, "Too many requests");
  return false;
}

void BinanceVenue::on_text(ClientId client, std::string_view text) {
  if (within_message_rate(client)) handle(client, text);
}

void BinanceVenue::handle(ClientId client, std::string_view text) {
  const auto fail = [&](int code, std::string_view why, std::string_view id) {
    outbox_->send(client, fmt::format(R"({{"code":{},"msg":"{}","id":{}}})", code, why, id), {});
  };
  simdjson::dom::parser parser;
  simdjson::dom::element message;
  if (parser.parse(text.data(), text.size()).get(message) != simdjson::SUCCESS) {
    return fail(3, "Invalid JSON: expected value at line 1 column 1", "null");
  }
  simdjson::dom::element raw_id;
  const std::string id = message["id"].get(raw_id) == simdjson::SUCCESS ? simdjson::minify(raw_id) : "null";
  std::string_view method;
  if (message["method"].get(method) != simdjson::SUCCESS) return fail(2, "Invalid request: missing field `method`", id);
  if (method == "LIST_SUBSCRIPTIONS") {
    return outbox_->send(client, fmt::format(R"({{"result":{},"id":{}}})", list(client), id), {});
  }
  simdjson::dom::array params;
  if (message["params"].get(params) != simdjson::SUCCESS) return fail(2, "Invalid request: missing field `params`", id);
  if (method == "SET_PROPERTY") {
    bool combined = false;
    if (params.at(1).get(combined) != simdjson::SUCCESS) return fail(1, "Invalid value type", id);
    sessions_[client].combined = combined;
    return outbox_->send(client, fmt::format(R"({{"result":null,"id":{}}})", id), {});
  }
  if (method != "SUBSCRIBE" && method != "UNSUBSCRIBE") {
    return fail(2, fmt::format("Invalid request: unknown variant `{}`", method), id);
  }
  std::vector<std::string> names;
  for (const auto param : params) {
    std::string_view stream_name;
    if (param.get(stream_name) != simdjson::SUCCESS) return fail(1, "Invalid value type: expected String", id);
    names.emplace_back(stream_name);
  }
  change_subscriptions(client, method == "SUBSCRIBE", names, id);
}

void BinanceVenue::change_subscriptions(ClientId client, bool add, const std::vector<std::string>& names,
                                        std::string_view id) {
  // The ack comes first: nothing of a new stream may be sent before it.
  if (add) outbox_->send(client, fmt::format(R"({{"result":null,"id":{}}})", id), {});
  for (const std::string& stream_name : names) {
    if (!add) unsubscribe(client, stream_name);
    if (add && !subscribe(client, stream_name)) return;
  }
  if (!add) outbox_->send(client, fmt::format(R"({{"result":null,"id":{}}})", id), {});
}

std::string BinanceVenue::list(ClientId client) const {
  std::string out = "[";
  for (const std::string& stream_name : sessions_.at(client).streams) {
    out.append(out.size() > 1 ? ",\"" : "\"").append(stream_name).append("\"");
  }
  return out + "]";
}

BinanceVenue::Stream& BinanceVenue::stream_named(std::string_view stream_name) {
  const auto [at, created] = streams_.try_emplace(std::string(stream_name));
  Stream& stream = at->second;
  if (!created) return stream;
  stream.name = stream_name;
  const auto mark = stream_name.find('@');
  stream.instrument = find_lower(stream_name.substr(0, mark));
  if (mark != std::string_view::npos) stream.detail = stream_name.substr(mark + 1);
  stream.channel = channel_of(stream.detail);
  if (stream.instrument != kUnknown) by_instrument_[stream.instrument].push_back(&stream);
  return stream;
}

bool BinanceVenue::subscribe(ClientId client, std::string_view stream_name) {
  Session& session = sessions_[client];
  const auto most = static_cast<std::size_t>(limits_.streams_per_connection);
  if (most != 0 && session.streams.size() >= most && !session.streams.contains(std::string(stream_name))) {
    outbox_->close(client, 1008, "Too many streams");
    return false;
  }
  if (!session.streams.emplace(stream_name).second) return true;
  Stream& stream = stream_named(stream_name);
  stream.clients.push_back(client);
  ++subscriptions_;
  if (stream.instrument != kUnknown) on_subscribed(client, stream);
  return true;
}

void BinanceVenue::unsubscribe(ClientId client, std::string_view stream_name) {
  const auto session = sessions_.find(client);
  if (session == sessions_.end() || session->second.streams.erase(std::string(stream_name)) == 0) return;
  std::erase(stream_named(stream_name).clients, client);
  --subscriptions_;
}

bool BinanceVenue::routed(ClientId client, Channel channel) const noexcept {
  if (product_ == binance::Product::kSpot) return true;
  const auto session = sessions_.find(client);
  if (session == sessions_.end()) return false;
  const bool is_public = channel == Channel::kBook || channel == Channel::kQuote || channel == Channel::kTrade;
  return is_public == (session->second.route != Route::kMarket);
}

bool BinanceVenue::combined(ClientId client) const noexcept {
  const auto session = sessions_.find(client);
  return session != sessions_.end() && session->second.combined;
}

bool BinanceVenue::publish(const Stream& stream, std::string_view payload, const Tag& tag) {
  bool sent = false;
  wrapped_.clear();
  for (const ClientId client : stream.clients) {
    if (!routed(client, stream.channel)) continue;
    sent = true;
    if (!sessions_[client].combined) {
      outbox_->send(client, payload, tag);
      continue;
    }
    if (wrapped_.empty()) {
      wrapped_.append("{\"stream\":\"").append(stream.name).append("\",\"data\":").append(payload).append("}");
    }
    outbox_->send(client, wrapped_, tag);
  }
  return sent;
}

void BinanceVenue::on_expiring(ClientId client) {
  const std::string event = fmt::format(R"({{"e":"serverShutdown","E":{}}})", now() / 1'000'000);
  const auto session = sessions_.find(client);
  if (session == sessions_.end()) return;
  outbox_->send(
      client, session->second.combined ? fmt::format(R"({{"stream":"!serverShutdown","data":{}}})", event) : event, {});
}

}  // namespace millrace::sim

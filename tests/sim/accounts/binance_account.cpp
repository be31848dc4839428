#include "tests/sim/accounts/binance_account.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "tests/sim/venues/venue.h"

namespace millrace::sim::accounts {

namespace {

constexpr std::int64_t kMilli = 1'000'000;
constexpr std::int64_t kMicrosFrom = 100'000'000'000'000;  // a larger timestamp is in microseconds
constexpr std::int64_t kMaxWindow = 60'000;
constexpr std::int64_t kMaxPage = 1'000;

// Query and body without the signature, put together as the venue does.
std::string without_signature(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto end = text.find('&');
    const auto pair = text.substr(0, end);
    if (!pair.starts_with("signature=")) out.append(out.empty() ? "" : "&").append(pair);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
  return out;
}

}  // namespace

BinanceAccount::BinanceAccount(std::string_view venue, const FaceOptions& options, LedgerRules rules,
                               int weight_per_minute)
    : FaceBase(venue, options, std::move(rules)), budget_(weight_per_minute) {
  for (const AccountKeys& one : options.keys) {
    std::optional<ClientKey> proof;
    if (one.secret.starts_with("-----BEGIN")) {
      proof = ClientKey::from_pem(one.secret);
      if (!proof || !proof->is_ed25519()) throw std::runtime_error("a Binance secret is a word or an Ed25519 PEM");
    }
    proofs_.push_back(std::move(proof));
  }
}

HttpReply BinanceAccount::to_reply(const Error& error) {
  return {error.status, fmt::format(R"({{"code":{},"msg":"{}"}})", error.code, error.text)};
}

HttpReply BinanceAccount::refusal(int status) const {
  switch (status) {
    case 401:
      return to_reply(wrong_key());
    case 403:
      return {403, "<html><head><title>403 Forbidden</title></head></html>", "text/html"};
    case 429: {
      HttpReply reply = to_reply({429, -1003, "Too many requests."});
      reply.headers.push_back({"Retry-After", std::to_string(knobs().retry_after_s)});
      return reply;
    }
    case 503:
      return to_reply(
          {503, -1008, "Server is currently overloaded with other requests. Please try again in a few minutes."});
    default:
      return to_reply({500, -1000, "An unknown error occurred while processing the request."});
  }
}

WeightBudget::Decision BinanceAccount::charge(int weight) {
  return budget_.charge(limits_kept() ? weight : 0, now_ns());
}

HttpReply BinanceAccount::answer(const Request& request) {
  const auto decision = charge(weight_of(request));
  HttpReply reply;
  if (decision.verdict != WeightBudget::Verdict::kServed) {
    const bool banned = decision.verdict == WeightBudget::Verdict::kBanned;
    reply = to_reply({banned ? 418 : 429, -1003, "Too much request weight used; current limit is per 1 MINUTE."});
    reply.headers.push_back({"Retry-After", std::to_string(decision.retry_after_s)});
  } else if (auto open = answer_open(request)) {
    reply = std::move(*open);
  } else {
    const std::string payload = without_signature(request.query()) + without_signature(request.body());
    const bool stamped = request.has("timestamp");
    const auto error = denied(request.header("X-MBX-APIKEY"), payload, request.parameter("signature"),
                              stamped ? std::optional(request.number("timestamp", 0)) : std::nullopt,
                              request.number("recvWindow", 5'000));
    reply = error ? to_reply(*error) : answer_signed(request);
  }
  reply.headers.push_back({"X-MBX-USED-WEIGHT-1M", std::to_string(decision.used)});
  return reply;
}

std::optional<BinanceAccount::Error> BinanceAccount::denied(std::string_view api_key, std::string_view payload,
                                                            std::string_view signature,
                                                            std::optional<std::int64_t> timestamp,
                                                            std::int64_t window) {
  const int index = key_index(api_key);
  count_refusal();  // taken back below
  if (api_key.empty()) return Error{401, -2014, "API-key format invalid."};
  if (index < 0 || knobs().address_refused != 0) return wrong_key();
  if (!timestamp) {
    return Error{400, -1102, "Mandatory parameter 'timestamp' was not sent, was empty/null, or malformed."};
  }
  const auto& proof = proofs_[static_cast<std::size_t>(index)];
  const bool good = proof ? proof->verifies(payload, from_base64(signature).value_or(""))
                          : same_proof(signature, to_hex(hmac_sha256(key(index).secret, payload)), true);
  if (!good) return Error{400, -1022, "Signature for this request is not valid."};
  const std::int64_t sent_ms = *timestamp >= kMicrosFrom ? *timestamp / 1'000 : *timestamp;
  if (sent_ms >= now_ms() + 1'000) {
    return Error{400, -1021, "Timestamp for this request was 1000ms ahead of the server's time."};
  }
  if (now_ms() - sent_ms > std::min(window, kMaxWindow)) {
    return Error{400, -1021, "Timestamp for this request is outside of the recvWindow."};
  }
  count_refusal(-1);
  return std::nullopt;
}

std::optional<BinanceAccount::Error> BinanceAccount::unknown_symbol(const Request& request) const {
  if (!request.has("symbol")) {
    return Error{400, -1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed."};
  }
  if (ledger().instrument(request.parameter("symbol")) == nullptr) return Error{400, -1121, "Invalid symbol."};
  return std::nullopt;
}

std::optional<BinanceAccount::Error> BinanceAccount::fills_asked(const Request& request, const FillRules& rules,
                                                                 std::vector<const Fill*>& found) {
  if (const auto error = unknown_symbol(request)) return error;
  const bool starts = request.has("startTime");
  const bool ends = request.has("endTime");
  const bool from_id = request.has("fromId");
  const bool of_order = request.has("orderId");
  if ((from_id || (of_order && !rules.order_with_times)) && (starts || ends)) {
    return Error{400, -1128, "Combination of optional parameters invalid."};
  }
  const std::int64_t window_ms = rules.window_ns / kMilli;
  std::int64_t start = request.number("startTime", INT64_MIN);
  std::int64_t end = request.number("endTime", INT64_MAX);
  if (starts && ends && end - start > window_ms) {
    return Error{400, -1127, "Lookup interval is too big."};
  }
  if (rules.default_window && !from_id) {
    if (starts && !ends) end = start + window_ms;
    if (!starts) start = (ends ? end : now_ms()) - window_ms;
  }
  const std::string symbol = request.parameter("symbol");
  const std::int64_t first_id = request.number("fromId", INT64_MIN);
  const std::string order_id = request.parameter("orderId");
  found = history([&](const Fill& fill) {
    const std::int64_t ms = fill.time_ns / kMilli;
    return fill.symbol == symbol && fill.trade_id >= first_id && ms >= start && ms <= end &&
           (!of_order || fill.order_id == order_id);
  });
  const auto limit = static_cast<std::size_t>(std::clamp<std::int64_t>(request.number("limit", 500), 1, kMaxPage));
  page_served();
  if (found.size() <= limit) return std::nullopt;
  // From a beginning that was asked for, else the newest.
  if (from_id || starts) {
    found.resize(limit);
  } else {
    found.erase(found.begin(), found.end() - static_cast<std::ptrdiff_t>(limit));
  }
  return std::nullopt;
}

const Order* BinanceAccount::order_asked(const Request& request) const {
  const std::string symbol = request.parameter("symbol");
  const std::string client_id = request.parameter("origClientOrderId");
  if (request.has("orderId")) {
    const Order* const order = ledger().order_by_id(request.parameter("orderId"));
    return order != nullptr && order->symbol == symbol ? order : nullptr;
  }
  for (const Order& order : ledger().orders()) {
    if (order.symbol == symbol && order.client_id == client_id) return &order;
  }
  return nullptr;
}

std::string_view BinanceAccount::status_of(const Order& order) noexcept {
  switch (order.state) {
    case OrderState::kFilled:
      return "FILLED";
    case OrderState::kRejected:
      return "REJECTED";
    case OrderState::kExpired:
      return "EXPIRED";
    case OrderState::kOpen:
      return order.filled == 0 ? "NEW" : "PARTIALLY_FILLED";
    default:
      return "CANCELED";
  }
}

std::string_view BinanceAccount::type_of(const Order& order) noexcept {
  return order.type == OrderType::kLimit ? "LIMIT" : "MARKET";
}

}  // namespace millrace::sim::accounts

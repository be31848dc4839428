// The public REST calls of Binance with their weights (protocols/binance.md section 6).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "tests/sim/venues/binance.h"

namespace millrace::sim {

namespace {

HttpAnswer error(HttpAnswer base, int status, int code, std::string_view message) {
  base.status = status;
  base.body = fmt::format(R"({{"code":{},"msg":"{}"}})", code, message);
  return base;
}

// The limit of a depth request; absent = the venue's default, 0 = not a number.
int limit_of(std::string_view query, int otherwise) {
  const auto text = query_value(query, "limit");
  if (text.empty()) return otherwise;
  int limit = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), limit);
  return failed == std::errc{} && end == text.data() + text.size() ? limit : 0;
}

int spot_depth_weight(int limit) {
  if (limit <= 100) return 5;
  if (limit <= 500) return 25;
  return limit <= 1000 ? 50 : 250;
}

int futures_depth_weight(int limit) {
  if (limit <= 50) return 2;
  if (limit <= 100) return 5;
  return limit <= 500 ? 10 : 20;
}

}  // namespace

std::string_view BinanceVenue::rest_prefix() const noexcept {
  return product_ == binance::Product::kSpot ? "/api/v3/" : "/fapi/v1/";
}

std::string BinanceVenue::instruments_body() const {
  return exchange_info_.empty() ? binance::exchange_info(product_, instruments_, now() / 1'000'000) : exchange_info_;
}

int BinanceVenue::weight_of(const HttpRequest& request) const {
  const bool spot = product_ == binance::Product::kSpot;
  if (request.path.ends_with("/exchangeInfo")) return spot ? 20 : 1;
  if (!request.path.ends_with("/depth")) return 1;
  const int limit = limit_of(request.query, spot ? 100 : 500);
  return spot ? spot_depth_weight(limit) : futures_depth_weight(limit);
}

void BinanceVenue::on_http(const HttpRequest& request, HttpReply reply) {
  const auto decision = budget_.charge(weight_of(request), now());
  HttpAnswer base;
  base.headers.emplace_back("X-MBX-USED-WEIGHT-1M", std::to_string(decision.used));
  if (decision.verdict != WeightBudget::Verdict::kServed) {
    base.headers.emplace_back("Retry-After", std::to_string(decision.retry_after_s));
    const bool banned = decision.verdict == WeightBudget::Verdict::kBanned;
    return reply(error(std::move(base), banned ? 418 : 429, -1003,
                       "Too much request weight used; current limit is "
                       "per 1 MINUTE."));
  }
  if (!request.path.starts_with(rest_prefix())) return reply(error(std::move(base), 404, -1000, "Not Found"));
  const auto call = request.path.substr(rest_prefix().size());
  if (call == "depth") return rest_depth(request, std::move(base), std::move(reply));
  if (call == "ping") {
    base.body = "{}";
  } else if (call == "time") {
    base.body = fmt::format(R"({{"serverTime":{}}})", now() / 1'000'000);
  } else if (call == "exchangeInfo") {
    base.body = instruments_body();
  } else {
    return reply(error(std::move(base), 404, -1000, "Not Found"));
  }
  reply(std::move(base));
}

void BinanceVenue::rest_depth(const HttpRequest& request, HttpAnswer base, HttpReply reply) {
  const auto symbol = query_value(request.query, "symbol");
  const auto found = std::find_if(instruments_.begin(), instruments_.end(),
                                  [&](const Instrument& one) { return one.symbol == symbol; });
  if (found == instruments_.end()) return reply(error(std::move(base), 400, -1121, "Invalid symbol."));
  const bool spot = product_ == binance::Product::kSpot;
  int limit = limit_of(request.query, spot ? 100 : 500);
  static constexpr std::array kFuturesLimits{5, 10, 20, 50, 100, 500, 1000};
  const bool allowed =
      spot ? limit > 0 : std::find(kFuturesLimits.begin(), kFuturesLimits.end(), limit) != kFuturesLimits.end();
  if (!allowed) {
    return reply(error(std::move(base), 400, -1130, "Data sent for parameter 'limit' is not valid."));
  }
  limit = std::min(limit, 5000);
  depth(static_cast<std::size_t>(found - instruments_.begin()), static_cast<std::size_t>(limit), std::move(base),
        std::move(reply));
}

}  // namespace millrace::sim

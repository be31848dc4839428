// The public REST calls of Kraken (protocols/kraken.md section 6).
#include <fmt/format.h>

#include <charconv>
#include <ctime>
#include <iterator>
#include <map>

#include "tests/sim/market/number.h"
#include "tests/sim/venues/kraken.h"

namespace millrace::sim {

namespace kraken {

namespace {

// Old assets carry an X or Z in REST; all others go by their own name.
std::string rest_asset(std::string_view asset) {
  static const std::map<std::string_view, std::string_view> kOld{
      {"BTC", "XXBT"}, {"DOGE", "XXDG"}, {"ETH", "XETH"}, {"XRP", "XXRP"}, {"LTC", "XLTC"},
      {"XLM", "XXLM"}, {"USD", "ZUSD"},  {"EUR", "ZEUR"}, {"GBP", "ZGBP"}, {"JPY", "ZJPY"}};
  const auto found = kOld.find(asset);
  return std::string(found == kOld.end() ? asset : found->second);
}

std::string altname_of(std::string_view asset) {
  if (asset == "BTC") return "XBT";
  if (asset == "DOGE") return "XDG";
  return std::string(asset);
}

}  // namespace

RestNames rest_names(const Instrument& instrument) {
  RestNames names;
  names.base = rest_asset(instrument.base);
  names.quote = rest_asset(instrument.quote);
  const std::string base = altname_of(instrument.base);
  const std::string quote = altname_of(instrument.quote);
  names.altname = base + quote;
  names.wsname = base + "/" + quote;
  // The long key only where both are old assets: XXBTZUSD, but SOLUSD and XBTUSDT.
  const bool both_old = names.base != instrument.base && names.quote != instrument.quote;
  names.key = both_old ? names.base + names.quote : names.altname;
  return names;
}

std::string asset_pairs(std::span<const Instrument> instruments) {
  std::string body = R"({"error":[],"result":{)";
  std::string_view comma;
  for (const Instrument& one : instruments) {
    const RestNames names = rest_names(one);
    fmt::format_to(std::back_inserter(body),
                   R"({}"{}":{{"altname":"{}","wsname":"{}","aclass_base":"currency","base":"{}",)"
                   R"("aclass_quote":"currency","quote":"{}","lot":"unit","cost_decimals":5,"pair_decimals":{},)"
                   R"("lot_decimals":{},"lot_multiplier":1,"ordermin":"{}","costmin":"0.5","tick_size":"{}",)"
                   R"("status":"online"}})",
                   comma, names.key, names.altname, names.wsname, names.base, names.quote, one.price_decimals,
                   one.quantity_decimals, fixed(1, one.quantity_decimals), fixed(1, one.price_decimals));
    comma = ",";
  }
  return body + "}}";
}

namespace {

std::string assets(std::span<const Instrument> instruments) {
  std::map<std::string, std::string> rows;
  for (const Instrument& one : instruments) {
    for (const std::string& asset : {one.base, one.quote}) {
      rows[rest_asset(asset)] =
          fmt::format(R"({{"aclass":"currency","altname":"{}","decimals":10,"display_decimals":5,"status":"enabled"}})",
                      altname_of(asset));
    }
  }
  std::string body = R"({"error":[],"result":{)";
  std::string_view comma;
  for (const auto& [key, row] : rows) {
    fmt::format_to(std::back_inserter(body), R"({}"{}":{})", comma, key, row);
    comma = ",";
  }
  return body + "}}";
}

HttpAnswer failure(std::string_view error) {
  return {.body = fmt::format(R"({{"error":["{}"]}})", error)};  // HTTP 200 even for errors
}

}  // namespace
}  // namespace kraken

std::string KrakenVenue::instruments_body() const {
  return asset_pairs_.empty() ? kraken::asset_pairs(instruments_) : asset_pairs_;
}

void KrakenVenue::on_http(const HttpRequest& request, HttpReply reply) { reply(answer(request)); }

HttpAnswer KrakenVenue::answer(const HttpRequest& request) {
  const std::int64_t seconds = now() / 1'000'000'000;
  if (request.path == "/0/public/AssetPairs") {
    return {.body = instruments_body()};
  }
  if (request.path == "/0/public/Assets") return {.body = kraken::assets(instruments_)};
  if (request.path == "/0/public/Depth") return depth(request.query);
  if (request.path == "/0/public/Time") {
    return {.body = fmt::format(R"({{"error":[],"result":{{"unixtime":{},"rfc1123":""}}}})", seconds)};
  }
  if (request.path == "/0/public/SystemStatus") {
    std::string when;
    append_rfc3339(when, seconds * 1'000'000'000);
    return {.body = fmt::format(R"({{"error":[],"result":{{"status":"online","timestamp":"{}"}}}})", when)};
  }
  return kraken::failure("EGeneral:Unknown method");
}

HttpAnswer KrakenVenue::depth(std::string_view query) {
  const auto found = by_rest_name_.find(percent_decoded(query_value(query, "pair")));
  if (found == by_rest_name_.end()) return kraken::failure("EQuery:Unknown asset pair");
  std::size_t count = 100;
  const auto text = query_value(query, "count");
  if (!text.empty() && std::from_chars(text.data(), text.data() + text.size(), count).ec != std::errc{}) count = 0;
  if (count < 1 || count > 500) return kraken::failure("EGeneral:Invalid arguments");
  return {.body = depth_body(found->second, count)};
}

}  // namespace millrace::sim

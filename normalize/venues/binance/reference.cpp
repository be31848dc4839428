#include "normalize/venues/binance/reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <tuple>

#include "normalize/json/decimal_scan.h"
#include "normalize/json/ondemand.h"
#include "normalize/venues/binance/message_reader.h"

namespace millrace::normalize::binance {
namespace {

using schemas::InstrumentKind;
using schemas::InstrumentStatus;

// The members of a symbol that are plain text or integers, and its filters' text members by "FILTER.member".
struct Row {
  std::map<std::string, std::string, std::less<>> members;
  std::string_view text(std::string_view key) const {
    const auto at = members.find(key);
    return at == members.end() ? std::string_view{} : std::string_view(at->second);
  }
};

// Members first, type afterwards: "filterType" need not stand in front.
simdjson::error_code read_filter(od::object filter, Row& row) {
  std::vector<std::pair<std::string, std::string>> members;
  std::string type;
  for (auto item : filter) {
    std::string_view key;
    std::string_view text;
    od::value value;
    if (const auto code = item.unescaped_key().get(key)) return code;
    const std::string name(key);
    if (const auto code = item.value().get(value)) return code;
    if (value.get_string().get(text) != simdjson::SUCCESS) continue;
    if (name == "filterType") type = text;
    members.emplace_back(name, text);
  }
  for (auto& [name, text] : members) row.members.emplace(type + "." + name, std::move(text));
  return simdjson::SUCCESS;
}

simdjson::error_code read_filters(od::value& value, Row& row) {
  od::array filters;
  if (const auto code = value.get_array().get(filters)) return code;
  for (auto item : filters) {
    od::object filter;
    if (const auto code = item.get_object().get(filter)) return code;
    if (const auto code = read_filter(filter, row)) return code;
  }
  return simdjson::SUCCESS;
}

// By maps of text: it runs once in five minutes, and the three venues differ in their members. The members of no
// interest are few against the filters.
simdjson::error_code read_row(od::object object, Row& row) {
  for (auto item : object) {
    std::string_view key;
    od::value value;
    if (const auto code = item.unescaped_key().get(key)) return code;
    const std::string name(key);
    if (const auto code = item.value().get(value)) return code;
    if (name == "filters") {
      if (const auto code = read_filters(value, row)) return code;
      continue;
    }
    od::json_type type;
    if (const auto code = value.type().get(type)) return code;
    std::string_view text;
    if (type == od::json_type::string && value.get_string().get(text) == simdjson::SUCCESS) row.members[name] = text;
    if (type == od::json_type::number) row.members[name] = token_of(value.raw_json_token()).text;
  }
  return simdjson::SUCCESS;
}

// The words of enums.md (spot) and of USD-M and COIN-M common definitions, old ones included: recordings have them.
InstrumentStatus status_of(std::string_view word) noexcept {
  if (word == "TRADING") return InstrumentStatus::kTrading;
  if (word == "CANCEL_ONLY" || word == "END_OF_DAY") return InstrumentStatus::kRestricted;
  if (word == "HALT" || word == "BREAK" || word == "TRADING_HALT" || word == "PENDING_TRADING" ||
      word == "PRE_SETTLE" || word == "SETTLING" || word == "PRE_DELIVERING" || word == "DELIVERING" ||
      word == "PRE_TRADING" || word == "POST_TRADING" || word == "AUCTION_MATCH")
    return InstrumentStatus::kHalted;
  if (word == "DELIVERED" || word == "PRE_DELISTING" || word == "DELISTING" || word == "CLOSE")
    return InstrumentStatus::kDelisted;
  return InstrumentStatus::kUnknown;
}

std::string date_of(schemas::UnixNanos time) {  // the UTC day, as in the names of our instruments
  const auto day = std::chrono::floor<std::chrono::days>(
      std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::nanoseconds(time)));
  const std::chrono::year_month_day date{day};
  return fmt::format("{:04}{:02}{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

std::optional<schemas::WideDecimal> number(std::string_view text) {
  return text.empty() ? std::nullopt : schemas::parse_wide_decimal(text);
}

std::optional<std::int32_t> decimals(std::string_view step) {
  const int count = step.empty() ? -1 : decimals_of(step);
  // Futures without a tick say "0"; that is no tick of 1.
  const bool zero = step.find_first_not_of("0.") == std::string_view::npos;
  return count < 0 || zero ? std::nullopt : std::optional<std::int32_t>(count);
}

bool same_reference(const schemas::Instrument& a, const schemas::Instrument& b) {
  const auto all = [](const schemas::Instrument& one) {
    return std::tie(one.kind, one.status, one.status_text, one.base, one.quote, one.settle, one.tick_size,
                    one.quantity_step, one.min_quantity, one.min_notional, one.price_decimals, one.quantity_decimals,
                    one.contract_size, one.expiry_time);
  };
  return all(a) == all(b);
}

// By presence of a member rather than by product: the three exchangeInfo answers differ in what they leave out. The
// notional filter alone has three spellings.
Listing listing_of(const Row& row) {
  Listing out;
  out.symbol = row.text("symbol");
  schemas::Instrument& body = out.body;
  body.base = row.text("baseAsset");
  body.quote = row.text("quoteAsset");
  const std::string_view margin = row.text("marginAsset");
  if (margin != body.quote) body.settle = margin;
  // COIN-M calls it contractStatus.
  body.status_text = row.text(row.text("status").empty() ? "contractStatus" : "status");
  body.status = status_of(body.status_text);
  body.tick_size = number(row.text("PRICE_FILTER.tickSize"));
  body.quantity_step = number(row.text("LOT_SIZE.stepSize"));
  body.min_quantity = number(row.text("LOT_SIZE.minQty"));
  body.min_notional = number(row.text("NOTIONAL.minNotional"));
  if (!body.min_notional) body.min_notional = number(row.text("MIN_NOTIONAL.minNotional"));
  if (!body.min_notional) body.min_notional = number(row.text("MIN_NOTIONAL.notional"));
  body.price_decimals = decimals(row.text("PRICE_FILTER.tickSize"));
  body.quantity_decimals = decimals(row.text("LOT_SIZE.stepSize"));
  body.contract_size = number(row.text("contractSize"));
  out.instrument = fmt::format("{}-{}", body.base, body.quote);
  const std::string_view contract = row.text("contractType");
  const auto delivery = schemas::parse_decimal(row.text("deliveryDate"));
  if (!row.members.contains("contractType")) {
    body.kind = InstrumentKind::kSpot;
  } else if (contract.ends_with("PERPETUAL")) {
    body.kind = InstrumentKind::kPerpetual;
    out.instrument += "-PERP";
  } else {
    body.kind = InstrumentKind::kFuture;
    if (delivery) body.expiry_time = nanos_from_wire(delivery->mantissa);
    out.instrument += body.expiry_time ? "-" + date_of(*body.expiry_time) : "";
  }
  return out;
}

}  // namespace

// No part of an answer counts: a table that lacks instruments would make their streams "unknown".
Result<std::vector<Listing>> read_exchange_info(JsonParser& parser, std::string_view text) {
  od::document document;
  od::array symbols;
  if (const auto code = open_document(parser, text, document)) return field_error(code, "syntax");
  if (const auto code = document.find_field_unordered("symbols").get_array().get(symbols)) {
    return field_error(code, "symbols");
  }
  std::vector<Listing> listings;
  std::size_t at = 0;
  for (auto item : symbols) {
    Row row;
    od::object object;
    auto code = item.get_object().get(object);
    if (code == simdjson::SUCCESS) code = read_row(object, row);
    if (code != simdjson::SUCCESS) return field_error(code, fmt::format("symbols[{}]", at));
    for (const std::string_view key : {"symbol", "baseAsset", "quoteAsset"}) {
      if (row.text(key).empty()) return Error{Errc::kMissingField, row_place("symbols", at, key)};
    }
    listings.push_back(listing_of(row));
    ++at;
  }
  return listings;
}

bool store_listing(Listing listing, InstrumentTable& table, InstrumentId& id) {
  id = table.intern(listing.symbol);
  InstrumentInfo& info = table[id];
  const schemas::Instrument& body = listing.body;
  // Decimals never shrink: a finer number than the tick may have been seen.
  info.price_decimals = std::max(info.price_decimals, body.price_decimals.value_or(-1));
  info.quantity_decimals = std::max(info.quantity_decimals, body.quantity_decimals.value_or(-1));
  if (info.has_reference && info.instrument == listing.instrument && same_reference(info.reference, body)) return false;
  info.instrument = std::move(listing.instrument);
  info.reference = std::move(listing.body);
  info.has_reference = true;
  return true;
}

}  // namespace millrace::normalize::binance

#include "normalize/venues/kraken/fields.h"

namespace millrace::normalize::kraken {

namespace {

// A number that this source writes as a string ("0.00005").
error_code quoted_number(od::object& object, std::string_view key, std::string_view& out) noexcept {
  return optional_string(object, key, out);
}

// {"symbol":"BTC/USD","base":"BTC","quote":"USD","status":"online","qty_precision":8,"qty_increment":1e-08,
//  "price_precision":1,"cost_min":0.5,"price_increment":0.1,"qty_min":0.0001,...}
error_code read_pair(od::object& object, PairRow& out) noexcept {
  if (const auto error = string_member(object, "symbol", out.symbol)) return error;
  if (const auto error = string_member(object, "base", out.base)) return error;
  if (const auto error = string_member(object, "quote", out.quote)) return error;
  if (const auto error = optional_string(object, "status", out.status)) return error;
  if (const auto error = optional_int(object, "qty_precision", out.quantity_precision)) return error;
  if (const auto error = optional_number(object, "qty_increment", out.quantity_step)) return error;
  if (const auto error = optional_int(object, "price_precision", out.price_precision)) return error;
  if (const auto error = optional_number(object, "cost_min", out.cost_min)) return error;
  if (const auto error = optional_number(object, "price_increment", out.tick_size)) return error;
  return optional_number(object, "qty_min", out.quantity_min);
}

// {"altname":"XBTUSDT","wsname":"XBT/USDT","base":"XXBT","quote":"USDT","cost_decimals":5,"pair_decimals":1,
//  "lot_decimals":8,"ordermin":"0.00005","costmin":"0.5","tick_size":"0.1","status":"online",...}
// base and quote stay empty: theirs are the legacy codes, and wsname says the same in plain words.
error_code read_asset_pair(od::object& object, PairRow& out) noexcept {
  if (const auto error = string_member(object, "wsname", out.symbol)) return error;
  if (const auto error = optional_int(object, "pair_decimals", out.price_precision)) return error;
  if (const auto error = optional_int(object, "lot_decimals", out.quantity_precision)) return error;
  if (const auto error = quoted_number(object, "ordermin", out.quantity_min)) return error;
  if (const auto error = quoted_number(object, "costmin", out.cost_min)) return error;
  if (const auto error = quoted_number(object, "tick_size", out.tick_size)) return error;
  return optional_string(object, "status", out.status);
}

// A row that lacks what we need is left out and counted; broken JSON ends the reading.
bool is_fatal(error_code error) noexcept { return error != simdjson::SUCCESS && errc_of(error) == Errc::kBadJson; }

// Keeps the row just appended to `out.pairs` if it was read without error.
// One pair of fifteen hundred with a field that changed must not keep all others from starting.
Result<void> keep_or_count(error_code error, std::string_view place, Message& out) {
  if (is_fatal(error)) return field_error(error, place);
  if (error == simdjson::SUCCESS) return {};
  out.pairs.pop_back();
  ++out.bad_pairs;
  return {};
}

// {"error":["EGeneral:Invalid arguments"]}; entries that begin with W are warnings. The status is 200 with an error
// too, so this is the only sign of it.
Result<void> refuse_errors(od::object& root) {
  od::array errors;
  if (const auto error = root.find_field_unordered("error").get_array().get(errors)) return field_error(error, "error");
  for (auto element : errors) {
    std::string_view words;
    if (const auto error = element.get_string().get(words)) return field_error(error, "error");
    if (!words.starts_with('W')) return Error{Errc::kRefused, std::string(words)};
  }
  return {};
}

}  // namespace

// {"channel":"instrument","type":"snapshot","data":{"assets":[...],"pairs":[...]}}: data is an object here.
Result<void> read_pairs(od::object& root, Message& out) {
  out.pairs.clear();
  out.bad_pairs = 0;
  od::object data;
  if (const auto error = root.find_field_unordered("data").get_object().get(data)) return field_error(error, "data");
  od::array rows;
  const auto missing = data.find_field_unordered("pairs").get_array().get(rows);
  if (missing == simdjson::NO_SUCH_FIELD) return {};  // only assets changed
  if (missing) return field_error(missing, "data.pairs");
  auto done = for_each_row(rows, "data.pairs", [&out](od::object& object, std::size_t) {
    return keep_or_count(read_pair(object, out.pairs.emplace_back()), "data.pairs", out);
  });
  if (!done) return done;
  if (const auto error = finish(data)) return field_error(error, "data");
  return {};
}

// {"error":[],"result":{"XXBTZUSD":{...},...}}
Result<void> MessageReader::read_asset_pairs(std::string_view body, Message& out) {
  out.kind = MessageKind::kInstrument;
  out.snapshot = true;
  out.pairs.clear();
  out.bad_pairs = 0;
  od::document document;
  if (const auto error = open_document(parser_, body, document)) return field_error(error, "body");
  od::object root;
  if (const auto error = document.get_object().get(root)) return field_error(error, "body");
  if (auto fine = refuse_errors(root); !fine) return fine;
  od::object result;
  if (const auto error = root.find_field_unordered("result").get_object().get(result)) {
    return field_error(error, "result");
  }
  for (auto field : result) {
    od::object pair;
    if (const auto error = field.error()) return field_error(error, "result");
    if (const auto error = field.value().get_object().get(pair)) return field_error(error, "result.*");
    if (out.pairs.size() == kMaxRows) return Error{Errc::kTooLarge, "result"};
    const auto error = read_asset_pair(pair, out.pairs.emplace_back());
    if (auto done = keep_or_count(error, "result.*", out); !done) return done;
  }
  if (const auto error = finish(root)) return field_error(error, "body");
  return {};
}

}  // namespace millrace::normalize::kraken

#include "normalize/venues/kraken/account_pairs.h"

#include <fmt/format.h>

#include "normalize/venues/kraken/fields.h"

namespace millrace::normalize::kraken {

namespace {

// REST still calls two assets by their old names.
std::string_view plain_asset(std::string_view asset) noexcept {
  if (asset == "XBT") return "BTC";
  if (asset == "XDG") return "DOGE";
  return asset;
}

std::string joined(std::string_view base, std::string_view quote) {
  return fmt::format("{}/{}", plain_asset(base), plain_asset(quote));
}

// The oldest pairs: X or Z before each of two assets of three letters ("XXBTZUSD").
bool has_class_letters(std::string_view pair) noexcept {
  const auto is_class = [](char letter) { return letter == 'X' || letter == 'Z'; };
  return pair.size() == 8 && is_class(pair[0]) && is_class(pair[4]);
}

}  // namespace

void AccountPairs::add(std::string_view name, const std::string& symbol) {
  if (!name.empty()) symbols_.emplace(name, symbol);
}

// {"error":[],"result":{"XXBTZUSD":{"altname":"XBTUSD","wsname":"XBT/USD",...},...}}
Result<void> AccountPairs::read(std::string_view body) {
  JsonParser parser;
  od::document document;
  if (const auto error = open_document(parser, body, document)) return field_error(error, "body");
  od::object root;
  if (const auto error = document.get_object().get(root)) return field_error(error, "body");
  od::object result;
  if (const auto error = root.find_field_unordered("result").get_object().get(result)) {
    return field_error(error, "result");
  }
  for (auto field : result) {
    std::string_view key, altname, wsname;
    od::object pair;
    if (const auto error = field.unescaped_key().get(key)) return field_error(error, "result");
    if (const auto error = field.value().get_object().get(pair)) return field_error(error, "result.*");
    if (const auto error = optional_string(pair, "altname", altname)) return field_error(error, "result.*.altname");
    if (const auto error = optional_string(pair, "wsname", wsname)) return field_error(error, "result.*.wsname");
    const std::size_t slash = wsname.find('/');
    if (slash == std::string_view::npos) continue;
    const std::string symbol = joined(wsname.substr(0, slash), wsname.substr(slash + 1));
    quotes_.emplace(wsname.substr(slash + 1));
    add(key, symbol);
    add(altname, symbol);
    add(wsname, symbol);
    add(symbol, symbol);
  }
  if (const auto error = finish(root)) return field_error(error, "body");
  return {};
}

std::string AccountPairs::symbol_of(std::string_view pair) const {
  if (const auto found = symbols_.find(std::string(pair)); found != symbols_.end()) return found->second;
  if (has_class_letters(pair) && quotes_.contains(pair.substr(5))) return joined(pair.substr(1, 3), pair.substr(5));
  // The longest currency that fits: "USDT" before "T".
  std::string_view best;
  for (const std::string& quote : quotes_) {
    if (quote.size() > best.size() && quote.size() < pair.size() && pair.ends_with(quote)) best = quote;
  }
  return best.empty() ? std::string(pair) : joined(pair.substr(0, pair.size() - best.size()), best);
}

}  // namespace millrace::normalize::kraken

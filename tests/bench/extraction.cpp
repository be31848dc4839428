#include "tests/bench/extraction.h"

#include <simdjson.h>

#include "normalize/json/decimal_scan.h"

namespace millrace::bench {
namespace {

namespace od = simdjson::ondemand;

// What is read goes here.
struct Sum {
  std::uint64_t value = 0;

  void integer(simdjson::simdjson_result<od::value> field) { value += field.get_int64().value_unsafe(); }
  void text(simdjson::simdjson_result<od::value> field) { value += field.raw_json_token().value_unsafe().size(); }
  void flag(simdjson::simdjson_result<od::value> field) { value += field.get_bool().value_unsafe() ? 1 : 0; }

  template <bool kDecimals>
  void number(std::string_view raw) {
    while (raw.back() != '"') raw.remove_suffix(1);
    raw = raw.substr(1, raw.size() - 2);
    if constexpr (kDecimals) {
      std::int64_t mantissa = 0;
      if (normalize::scan_decimal(raw, 8, mantissa) == normalize::Scan::kOk)
        value += static_cast<std::uint64_t>(mantissa);
    } else {
      value += raw.size();
    }
  }
  template <bool kDecimals>
  void number(simdjson::simdjson_result<od::value> field) {
    number<kDecimals>(field.raw_json_token().value_unsafe());
  }
};

template <bool kDecimals>
void rows(simdjson::simdjson_result<od::value> field, Sum& sum) {
  for (auto row : field.get_array()) {
    for (auto cell : row.get_array()) sum.number<kDecimals>(cell.raw_json_token().value_unsafe());
  }
}

template <bool kDecimals>
__attribute__((flatten)) void ticker(od::object data, Sum& sum) {
  sum.integer(data["u"]);
  sum.text(data["s"]);
  sum.number<kDecimals>(data["b"]);
  sum.number<kDecimals>(data["B"]);
  sum.number<kDecimals>(data["a"]);
  sum.number<kDecimals>(data["A"]);
}

template <bool kDecimals>
__attribute__((flatten)) void depth(od::object data, Sum& sum) {
  sum.integer(data["E"]);
  sum.text(data["s"]);
  sum.integer(data["U"]);
  sum.integer(data["u"]);
  rows<kDecimals>(data["b"], sum);
  rows<kDecimals>(data["a"], sum);
}

template <bool kDecimals>
__attribute__((flatten)) void trade(od::object data, std::string_view id, Sum& sum) {
  sum.integer(data["E"]);
  sum.text(data["s"]);
  sum.integer(data[id]);
  sum.number<kDecimals>(data["p"]);
  sum.number<kDecimals>(data["q"]);
  sum.integer(data["T"]);
  sum.flag(data["m"]);
}

template <bool kDecimals>
void message(od::parser& parser, std::string_view text, Sum& sum) {
  od::document document;
  const simdjson::padded_string_view padded(text.data(), text.size(), text.size() + simdjson::SIMDJSON_PADDING);
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS) return;
  od::object outer = document.get_object().value_unsafe();
  const std::string_view stream = outer["stream"].raw_json_token().value_unsafe();
  const char kind = stream[stream.find('@') + 1];
  od::object data = outer["data"].get_object().value_unsafe();
  if (kind == 'b') ticker<kDecimals>(data, sum);
  if (kind == 'd') depth<kDecimals>(data, sum);
  if (kind == 't') trade<kDecimals>(data, "t", sum);
  if (kind == 'a') trade<kDecimals>(data, "a", sum);
}

// {"channel":"book","type":"update","data":[{"symbol":..,"bids":[{"price":..,"qty":..}],"asks":[],"checksum":..,...}]}
__attribute__((flatten)) void kraken_book(od::object message, Sum& sum) {
  sum.text(message["channel"]);
  sum.text(message["type"]);
  for (auto item : message["data"].get_array()) {
    od::object data = item.get_object().value_unsafe();
    sum.text(data["symbol"]);
    for (const std::string_view side : {"bids", "asks"}) {
      for (auto row : data[side].get_array()) {
        od::object level = row.get_object().value_unsafe();
        for (const std::string_view key : {"price", "qty"}) {
          std::string_view raw = level[key].raw_json_token().value_unsafe();
          std::int64_t mantissa = 0;
          if (normalize::scan_decimal(raw, 8, mantissa) == normalize::Scan::kOk)
            sum.value += static_cast<std::uint64_t>(mantissa);
        }
      }
    }
    sum.integer(data["checksum"]);
    sum.text(data["timestamp"]);
  }
}

}  // namespace

struct Extraction::Impl {
  od::parser parser;
  bool decimals = false;
};

Extraction::Extraction(bool decimals) : impl_(std::make_unique<Impl>()) { impl_->decimals = decimals; }
Extraction::~Extraction() = default;

std::uint64_t Extraction::run(std::span<const std::string_view> messages) {
  Sum sum;
  for (const std::string_view text : messages) {
    if (impl_->decimals) {
      message<true>(impl_->parser, text, sum);
    } else {
      message<false>(impl_->parser, text, sum);
    }
  }
  return sum.value;
}

std::uint64_t Extraction::run_kraken(std::span<const std::string_view> messages) {
  Sum sum;
  for (const std::string_view text : messages) {
    od::document document;
    const simdjson::padded_string_view padded(text.data(), text.size(), text.size() + simdjson::SIMDJSON_PADDING);
    if (impl_->parser.iterate(padded).get(document) != simdjson::SUCCESS) continue;
    kraken_book(document.get_object().value_unsafe(), sum);
  }
  return sum.value;
}

}  // namespace millrace::bench

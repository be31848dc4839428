#include "cli/subscribe/wish.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "ingest/config/problem.h"
#include "normalize/venue_adapter.h"
#include "publish/kafka/topic_names.h"
#include "schemas/codec/encode.h"
#include "schemas/codec/utf8.h"

namespace millrace::cli {
namespace {

using normalize::Dataset;

constexpr std::size_t kLongestSymbol = 256;
constexpr std::string_view kBlanks = " \t\r";

// Of one dataset at one venue; the words are those of the configuration's checks.
std::string dataset_problem(const std::string& venue, const std::string& text,
                            const std::vector<std::string_view>& offered) {
  const auto dataset = normalize::dataset_from_name(text);
  if (!dataset) return fmt::format("unknown dataset \"{}\"{}", text, ingest::suggestion(text, offered));
  if (*dataset == Dataset::kInstrument) return "instrument is always published; leave it out";
  if (*dataset == Dataset::kBboBook) return "bbo-book is derived: set bbo_from_book in the workers' configuration";
  if (std::ranges::find(offered, std::string_view(text)) != offered.end()) return {};
  return fmt::format("{} does not offer {}; it has {}", venue, text, fmt::join(offered, ", "));
}

std::string dataset_problem(const Wish& wish) {
  const auto venue = normalize::make_venue(wish.venue, {});
  std::vector<std::string_view> offered;
  for (const auto& row : venue->capabilities().datasets) {
    if (row.dataset != Dataset::kInstrument && row.dataset != Dataset::kBboBook) offered.push_back(name(row.dataset));
  }
  for (const std::string& dataset : wish.datasets) {
    std::string text = dataset_problem(wish.venue, dataset, offered);
    if (!text.empty()) return text;
  }
  return {};
}

// No venue has a blank in a symbol: two of them in one word are a slip.
std::string symbol_problem(const std::string& symbol) {
  if (symbol.empty()) return "a symbol is empty";
  if (symbol.size() > kLongestSymbol) return fmt::format("a symbol has more than {} bytes", kLongestSymbol);
  const auto is_blank = [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; };
  if (std::ranges::any_of(symbol, is_blank)) return fmt::format("{:?}: a symbol has no blanks", symbol);
  if (!schemas::is_valid_utf8(symbol)) return "a symbol is not UTF-8";
  return {};
}

// Each symbol once, in the order in which it first comes.
std::vector<std::string> once(const std::vector<std::string>& symbols) {
  std::vector<std::string> out;
  std::set<std::string_view> seen;
  for (const std::string& symbol : symbols) {
    if (seen.insert(symbol).second) out.push_back(symbol);
  }
  return out;
}

}  // namespace

void append_symbols(std::istream& lines, std::vector<std::string>& symbols) {
  for (std::string line; std::getline(lines, line);) {
    const std::size_t begin = line.find_first_not_of(kBlanks);
    if (begin == std::string::npos || line[begin] == '#') continue;
    symbols.push_back(line.substr(begin, line.find_last_not_of(kBlanks) - begin + 1));
  }
}

std::string venue_problem(const std::string& venue) {
  std::vector<std::string_view> names;
  for (const auto& entry : normalize::venues()) names.push_back(entry.name);
  if (std::ranges::find(names, std::string_view(venue)) != names.end()) return {};
  return fmt::format("unknown venue \"{}\"{}: see `millrace capabilities`", venue, ingest::suggestion(venue, names));
}

std::string problem(const Wish& wish) {
  if (std::string text = venue_problem(wish.venue); !text.empty()) return text;
  if (std::string text = dataset_problem(wish); !text.empty()) return text;
  if (wish.symbols.empty()) return "name symbols, or --symbols-file FILE with one a line";
  for (const std::string& symbol : wish.symbols) {
    if (std::string text = symbol_problem(symbol); !text.empty()) return text;
  }
  return {};
}

std::vector<SubscriptionRecord> records_of(const Wish& wish, schemas::UnixNanos now, const std::string& by) {
  std::vector<SubscriptionRecord> out;
  for (const std::string& symbol : once(wish.symbols)) {
    std::string& value = out.emplace_back(SubscriptionRecord{publish::subscription_key(wish.venue, symbol), {}}).value;
    schemas::encode(schemas::Subscription{wish.venue, symbol, once(wish.datasets), now, by}, value);
  }
  return out;
}

std::vector<SubscriptionRecord> removals_of(const Wish& wish) {
  std::vector<SubscriptionRecord> out;
  for (const std::string& symbol : once(wish.symbols)) {
    out.push_back({publish::subscription_key(wish.venue, symbol), {}});
  }
  return out;
}

}  // namespace millrace::cli

#include "normalize/venues/coinbase/account_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "schemas/events/time.h"

namespace millrace::normalize::coinbase {
namespace {

using schemas::Side;

constexpr std::size_t kLongestErrorBody = 4096;

// The venue's words: {"message":"..."}, {"error":"...","message":"..."}, {"errors":[{"message":"..."}]}. Empty for
// anything else, pages of HTML among it.
std::string words_of(std::string_view body) {
  if (body.empty() || body.size() > kLongestErrorBody) return {};
  JsonParser parser;
  const auto root = parse_json(parser, body);
  if (!root) return {};
  const JsonNode* node = &*root;
  const JsonNode* const errors = node->find("errors");
  if (errors != nullptr && !errors->children.empty()) node = &errors->children.front();
  for (const std::string_view key : {"message", "error_details", "error", "id"}) {
    const JsonNode* const words = node->find(key);
    if (words != nullptr && words->type == JsonNode::Type::kString && !words->text.empty()) return words->text;
  }
  return {};
}

// 401 is one code for a bad key and for a clock that is off (8: "request timestamp expired").
Verdict refusal(int status, std::string_view words) {
  if (status == 401)
    return mentions(words, "timestamp") || mentions(words, "expired") ? Verdict::kClock : Verdict::kAuth;
  if (status == 403) return Verdict::kAuth;
  if (status == 429) return Verdict::kRateLimited;
  if (status == 0 || status == 408 || status >= 500) return Verdict::kTransient;
  return Verdict::kRefused;
}

// A success must be JSON, and no error in its place.
Judgement judge_success(std::string_view body) {
  const std::size_t first = body.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || (body[first] != '{' && body[first] != '[')) {
    return {Verdict::kTransient, 0, "a success that is no JSON"};
  }
  const bool error = body.substr(first).starts_with("{\"error");
  if (!error) return {};
  const std::string words = words_of(body);
  return {mentions(body, "rate_limit") ? Verdict::kRateLimited : Verdict::kRefused, 0, words};
}

}  // namespace

bool mentions(std::string_view words, std::string_view what) {
  const auto same = [](char a, char b) { return (a | 0x20) == (b | 0x20); };
  return std::search(words.begin(), words.end(), what.begin(), what.end(), same) != words.end();
}

Side side_of(ObjectReader& row, std::string_view key) {
  const std::string word = row.text(key);
  if (word == "buy" || word == "BUY") return Side::kBuy;
  if (word == "sell" || word == "SELL") return Side::kSell;
  if (!word.empty()) row.fail(Errc::kWrongType, key);
  return Side::kUnspecified;
}

Side opposite(Side side) noexcept {
  if (side == Side::kUnspecified) return side;
  return side == Side::kBuy ? Side::kSell : Side::kBuy;
}

std::optional<UnixNanos> venue_time(ObjectReader& row, std::string_view key) {
  const std::string text = row.text(key);
  if (text.empty() || text.starts_with("0001-01-01T00:00:00")) return std::nullopt;
  return row.rfc3339(key);
}

std::string instrument_of(std::string_view product) {
  return std::count(product.begin(), product.end(), '-') == 1 ? std::string(product) : std::string();
}

std::string quote_of(std::string_view product) {
  const std::size_t dash = product.find('-');
  if (dash == std::string_view::npos || dash != product.rfind('-')) return {};
  return std::string(product.substr(dash + 1));
}

std::string query_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string rfc3339_text(UnixNanos time) {
  const std::chrono::sys_seconds seconds{std::chrono::seconds(time / kSecond)};
  const auto day = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(seconds - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), time % kSecond);
}

std::string quoted_list(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) {
    out += out.empty() ? "\"" : ",\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  return out;
}

Judgement judge(const PrivateAnswer& answer) {
  if (answer.status >= 200 && answer.status < 300) return judge_success(answer.body);
  if (answer.status == 404 && answer.key.starts_with(kOrderKey)) return {};
  const std::string words = answer.status == 0 ? std::string(answer.body) : words_of(answer.body);
  return {refusal(answer.status, words), 0, fmt::format("HTTP {} {}", answer.status, words)};
}

// [X] {"iso":"2015-01-07T23:47:25.201Z","epoch":1420674445.201}
// [A] {"iso":"2023-05-12T18:00:00Z","epochSeconds":"1683914400","epochMillis":"1683914400123"}
Result<UnixNanos> read_clock(const PrivateAnswer& answer) {
  JsonParser parser;
  const auto node = parse_json(parser, answer.body);
  if (!node) return node.error();
  ObjectReader row(*node, "time");
  const auto millis = row.millis("epochMillis");
  if (millis) return *millis;
  row.need_text("iso");
  const auto time = row.rfc3339("iso");
  if (row.error()) return *row.error();
  if (!time) return Error{Errc::kBadTime, "time.iso"};
  return *time;
}

}  // namespace millrace::normalize::coinbase

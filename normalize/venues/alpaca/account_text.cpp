#include "normalize/venues/alpaca/account_text.h"

#include <fmt/format.h>

#include <chrono>

#include "normalize/json/json_tree.h"
#include "schemas/events/time.h"

namespace millrace::normalize::alpaca {
namespace {

constexpr std::size_t kLongestErrorBody = 4096;

struct Words {
  std::string text;
  bool is_error = false;  // {"code":42210000,"message":"..."}
};

Words words_of(std::string_view body) {
  if (body.empty() || body.size() > kLongestErrorBody) return {};
  JsonParser parser;
  const auto node = parse_json(parser, body);
  if (!node) return {};
  const JsonNode* const code = node->find("code");
  const JsonNode* const message = node->find("message");
  if (message == nullptr) return {};
  return {code != nullptr ? fmt::format("{} {}", code->text, message->text) : message->text, code != nullptr};
}

// A refused order is 403, too, but no request of ours orders anything.
Verdict refusal(int status) {
  if (status == 401 || status == 403) return Verdict::kAuth;
  if (status == 429) return Verdict::kRateLimited;
  if (status == 0 || status == 408 || status >= 500) return Verdict::kTransient;
  return Verdict::kRefused;
}

Judgement judge_success(std::string_view body) {
  const std::size_t first = body.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || (body[first] != '{' && body[first] != '[')) {
    return {Verdict::kTransient, 0, "a success that is no JSON"};
  }
  const Words words = words_of(body);
  if (words.is_error) return {Verdict::kRefused, 0, words.text};
  return {};
}

std::chrono::sys_seconds seconds_of(UnixNanos time) {
  return std::chrono::sys_seconds{std::chrono::seconds(time / kSecond)};
}

}  // namespace

std::string query_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string date_text(UnixNanos time) {
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(seconds_of(time)));
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

std::string rfc3339_text(UnixNanos time) {
  const auto seconds = seconds_of(time);
  const std::chrono::hh_mm_ss clock(seconds - std::chrono::floor<std::chrono::days>(seconds));
  return fmt::format("{}T{:02}:{:02}:{:02}.{:09}Z", date_text(time), clock.hours().count(), clock.minutes().count(),
                     clock.seconds().count(), time % kSecond);
}

Judgement judge(const PrivateAnswer& answer) {
  if (answer.status >= 200 && answer.status < 300) return judge_success(answer.body);
  if (answer.status == 404 && answer.key.starts_with("order/")) return {};
  const std::string words = answer.status == 0 ? std::string(answer.body) : words_of(answer.body).text;
  return {refusal(answer.status), 0, fmt::format("HTTP {} {}", answer.status, words)};
}

Result<UnixNanos> read_clock(const PrivateAnswer& answer) {
  JsonParser parser;
  const auto node = parse_json(parser, answer.body);
  if (!node) return node.error();
  ObjectReader row(*node, "clock");
  row.need_text("timestamp");
  const auto time = row.rfc3339("timestamp");
  if (row.error()) return *row.error();
  if (!time) return Error{Errc::kBadTime, "clock.timestamp"};
  return *time;
}

}  // namespace millrace::normalize::alpaca

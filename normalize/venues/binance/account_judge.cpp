#include "normalize/venues/binance/account_judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "normalize/json/json_tree.h"
#include "normalize/venues/binance/message_reader.h"

namespace millrace::normalize::binance {
namespace {

constexpr std::array<std::pair<std::int64_t, Verdict>, 16> kCodes = {{
    {-1000, Verdict::kTransient},
    {-1001, Verdict::kTransient},
    {-1006, Verdict::kTransient},
    {-1007, Verdict::kTransient},
    {-1008, Verdict::kTransient},
    {-1016, Verdict::kTransient},
    {-1002, Verdict::kAuth},
    {-1022, Verdict::kAuth},
    {-2014, Verdict::kAuth},
    {-2015, Verdict::kAuth},
    {-1021, Verdict::kClock},
    {-1125, Verdict::kToken},
    {-1003, Verdict::kRateLimited},
    {-1015, Verdict::kRateLimited},
    {-1034, Verdict::kRateLimited},
    {-1191, Verdict::kRateLimited},
}};

Verdict verdict_of_status(int status) noexcept {
  if (status == 429 || status == 418 || status == 403) return Verdict::kRateLimited;  // 403: the firewall's limit
  if (status == 401) return Verdict::kAuth;
  if (status == 408 || status >= 500 || status == 0) return Verdict::kTransient;
  return status >= 400 ? Verdict::kRefused : Verdict::kGood;
}

constexpr std::string_view kSpace = " \t\r\n";
constexpr std::size_t kLongestError = 4096;  // errors are short; answers that are not are not parsed for one
constexpr std::size_t kLongestDetail = 200;

// Begins as an object or array and ends as the same: a page of HTML, a plain word and a cut answer do not.
bool looks_whole(std::string_view body) noexcept {
  const std::size_t first = body.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return false;
  const char end = body[body.find_last_not_of(kSpace)];
  return (body[first] == '{' && end == '}') || (body[first] == '[' && end == ']');
}

struct VenueError {
  std::optional<std::int64_t> code;
  std::string message;
};

// {"code":-1121,"msg":"Invalid symbol."}; some successes say {"code":200,"msg":"success"}.
VenueError read_error(std::string_view body) {
  VenueError out;
  if (body.size() > kLongestError || body[body.find_first_not_of(kSpace)] != '{') return out;
  if (body.find("\"code\"") == std::string_view::npos) return out;  // nor is a listenKey copied anywhere
  JsonParser parser;
  const auto tree = parse_json(parser, body);
  if (!tree) return out;
  ObjectReader row(*tree, "error");
  const auto code = row.integer("code");
  if (code && *code < 0) out = {code, row.text("msg")};
  return out;
}

// For people: printable and short.
std::string shown(std::string_view text) {
  std::string out(text.substr(0, kLongestDetail));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return out;
}

}  // namespace

Verdict verdict_of(std::optional<std::int64_t> code, int status) noexcept {
  const Verdict by_status = verdict_of_status(status);
  // A ban is a ban, whatever the code; the firewall's 403 has none.
  if (!code || status == 429 || status == 418) return by_status;
  for (const auto& [known, verdict] : kCodes) {
    if (known == *code) return verdict;
  }
  return by_status == Verdict::kGood ? Verdict::kRefused : by_status;
}

std::int64_t ban_ns(std::string_view message, UnixNanos now) noexcept {
  constexpr std::string_view kUntil = "until ";
  const std::size_t at = message.find(kUntil);
  if (at == std::string_view::npos) return 0;
  const char* const begin = message.data() + at + kUntil.size();
  std::int64_t until = 0;
  const auto [end, failed] = std::from_chars(begin, message.data() + message.size(), until);
  if (failed != std::errc{} || until <= 0 || until > kMaxMillis) return 0;
  return std::max<std::int64_t>(until * kNanosPerMilli - now, 0);
}

bool is_no_such_order(const PrivateAnswer& answer) {
  if (answer.status != 400 || !looks_whole(answer.body)) return false;
  const auto code = read_error(answer.body).code;
  return code == -2013 || code == -2026 || code == -1121;
}

Judgement judge_answer(const PrivateAnswer& answer) {
  if (answer.status == 0) return {Verdict::kTransient, 0, shown(answer.body)};
  if (!looks_whole(answer.body)) {
    const Verdict by_status = verdict_of_status(answer.status);
    return {by_status == Verdict::kGood ? Verdict::kTransient : by_status, 0,
            fmt::format("HTTP {} with no JSON: {}", answer.status, shown(answer.body))};
  }
  const VenueError error = read_error(answer.body);
  const Verdict verdict = verdict_of(error.code, answer.status);
  if (verdict == Verdict::kGood) return {};
  const std::string words = error.code ? fmt::format("{} {}", *error.code, error.message) : std::string(answer.body);
  const std::int64_t wait = verdict == Verdict::kRateLimited ? ban_ns(error.message, answer.receive_time) : 0;
  return {verdict, wait, fmt::format("HTTP {}: {}", answer.status, shown(words))};
}

}  // namespace millrace::normalize::binance

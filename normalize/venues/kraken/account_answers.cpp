#include "normalize/venues/kraken/account_answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "normalize/venues/kraken/fields.h"
#include "schemas/events/time.h"

namespace millrace::normalize::kraken {

namespace {

constexpr std::int64_t kLongestThrottle = 3600 * kSecond;
constexpr std::string_view kThrottled = "EService: Throttled: ";

struct KnownError {
  std::string_view beginning;
  Verdict verdict;
};
// The classes of the sheet's section 8; the first that fits counts. What is not here is a request that the venue will
// not do (EGeneral:Invalid arguments, EQuery:Unknown asset pair, EOrder:...).
constexpr std::array kKnownErrors = std::to_array<KnownError>({
    {"EAPI:Invalid nonce", Verdict::kNonce},
    {"EAPI:Invalid key", Verdict::kAuth},
    {"EAPI:Invalid signature", Verdict::kAuth},
    {"EAPI:Rate limit exceeded", Verdict::kRateLimited},
    {"EGeneral:Permission denied", Verdict::kAuth},
    {"EGeneral:Temporary lockout", Verdict::kAuth},
    {"EGeneral:Internal error", Verdict::kTransient},
    {"EAccount:Invalid permissions", Verdict::kAuth},
    {"EAuth:Rate limit exceeded", Verdict::kRateLimited},
    {"EAuth:Too many requests", Verdict::kRateLimited},
    {"EAuth:", Verdict::kAuth},
    {"ESession:", Verdict::kToken},
    {"EOrder:Rate limit exceeded", Verdict::kRateLimited},
    {"EOrder:Domain rate limit exceeded", Verdict::kRateLimited},
    {"EOrder:Orders limit exceeded", Verdict::kRateLimited},
    {"EService: Throttled", Verdict::kRateLimited},
    {"EService:Throttled", Verdict::kRateLimited},
    {"EService:", Verdict::kTransient},
});

bool contains_word(std::string_view text, std::string_view lower) {
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; };
  return std::search(text.begin(), text.end(), lower.begin(), lower.end(), same) != text.end();
}

// The stream's texts for a bad token or a missing permission are not documented, so the words count as well.
Verdict verdict_of(std::string_view words) {
  for (const KnownError& known : kKnownErrors) {
    if (words.starts_with(known.beginning)) return known.verdict;
  }
  if (contains_word(words, "permission denied")) return Verdict::kAuth;
  if (contains_word(words, "token") || contains_word(words, "session")) return Verdict::kToken;
  return Verdict::kRefused;
}

// Until the time that the text names; 0 = it names none.
std::int64_t wait_of(std::string_view words, UnixNanos now) {
  if (!words.starts_with(kThrottled)) return 0;
  const auto until = read_unix_seconds(words.substr(kThrottled.size()));
  return until ? std::clamp(*until - now, kSecond, kLongestThrottle) : 0;
}

// The texts in "error", or nullopt if the body is not one whole answer of the venue. On-Demand, as AssetPairs is large.
std::optional<std::vector<std::string>> read_errors(std::string_view body) {
  JsonParser parser;
  od::document document;
  if (open_document(parser, body, document) != simdjson::SUCCESS) return std::nullopt;
  od::object root;
  if (document.get_object().get(root) != simdjson::SUCCESS) return std::nullopt;
  od::array errors;
  if (root.find_field_unordered("error").get_array().get(errors) != simdjson::SUCCESS) return std::nullopt;
  std::vector<std::string> texts;
  for (auto element : errors) {
    std::string_view text;
    if (element.get_string().get(text) != simdjson::SUCCESS) return std::nullopt;
    texts.emplace_back(text);
  }
  if (finish(root) != simdjson::SUCCESS) return std::nullopt;
  return texts;
}

// Entries that begin with W are warnings.
bool is_error(std::string_view words) { return !words.starts_with('W'); }

// By the status alone.
Judgement judge_status(int status) {
  const std::string detail = fmt::format("HTTP status {}", status);
  if (status == 401 || status == 403) return {Verdict::kAuth, 0, detail};
  if (status == 418 || status == 429) return {Verdict::kRateLimited, 0, detail};
  // A wrong address or method: the same again will not help.
  if (status == 404 || status == 405) return {Verdict::kRefused, 0, detail};
  return {Verdict::kTransient, 0, detail};
}

}  // namespace

Judgement judge_error(std::string_view words, UnixNanos now) {
  const Verdict verdict = verdict_of(words);
  return {verdict, verdict == Verdict::kRateLimited ? wait_of(words, now) : 0, std::string(words)};
}

Judgement judge_answer(const PrivateAnswer& answer) {
  if (answer.status == 0) return {Verdict::kTransient, 0, std::string(answer.body)};
  const auto errors = read_errors(answer.body);
  if (errors) {
    const auto error = std::find_if(errors->begin(), errors->end(), is_error);
    if (error != errors->end()) return judge_error(*error, answer.receive_time);
  }
  if (answer.status != 200) return judge_status(answer.status);
  if (!errors) return {Verdict::kTransient, 0, "HTTP status 200, but no whole answer of the venue"};
  return {};
}

bool is_unknown_order(const Judgement& judgement) {
  return judgement.verdict == Verdict::kRefused && judgement.detail.starts_with("EOrder:Unknown order");
}

Result<JsonNode> read_result(JsonParser& parser, std::string_view body) {
  auto root = parse_json(parser, body);
  if (!root) return root.error();
  ObjectReader reader(*root, "");
  if (const JsonNode* errors = reader.array("error")) {
    for (const JsonNode& error : errors->children) {
      if (is_error(error.text)) return Error{Errc::kRefused, error.text};
    }
  }
  if (auto error = reader.error()) return *error;
  for (JsonNode& member : root->children) {
    if (member.key == "result") return std::move(member);
  }
  return Error{Errc::kMissingField, "result"};
}

std::optional<UnixNanos> read_unix_seconds(std::string_view text) {
  const auto seconds = schemas::parse_decimal(text);
  const auto nanos = seconds ? schemas::rescaled(*seconds, -9) : std::nullopt;
  return nanos && *nanos > 0 ? nanos : std::nullopt;
}

}  // namespace millrace::normalize::kraken

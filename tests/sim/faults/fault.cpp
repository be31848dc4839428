#include "tests/sim/faults/fault.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <array>
#include <charconv>
#include <optional>

namespace millrace::sim {

namespace {

struct KindName {
  FaultKind kind;
  std::string_view text;
  FaultPlace place;
};

constexpr std::array<KindName, 23> kKinds{{
    {FaultKind::kDrop, "drop", FaultPlace::kMessage},
    {FaultKind::kDuplicate, "duplicate", FaultPlace::kMessage},
    {FaultKind::kReorder, "reorder", FaultPlace::kMessage},
    {FaultKind::kGap, "gap", FaultPlace::kMessage},
    {FaultKind::kBadChecksum, "bad_checksum", FaultPlace::kMessage},
    {FaultKind::kBadJson, "bad_json", FaultPlace::kMessage},
    {FaultKind::kTruncatedJson, "truncated_json", FaultPlace::kMessage},
    {FaultKind::kWrongType, "wrong_type", FaultPlace::kMessage},
    {FaultKind::kHugeFrame, "huge_frame", FaultPlace::kConnection},
    {FaultKind::kFragment, "fragment", FaultPlace::kMessage},
    {FaultKind::kSilence, "silence", FaultPlace::kConnection},
    {FaultKind::kHalfOpen, "half_open", FaultPlace::kConnection},
    {FaultKind::kReset, "rst", FaultPlace::kConnection},
    {FaultKind::kClose, "close", FaultPlace::kConnection},
    {FaultKind::kDrip, "drip", FaultPlace::kConnection},
    {FaultKind::kPingFlood, "ping_flood", FaultPlace::kConnection},
    {FaultKind::kHttp429, "http_429", FaultPlace::kRequest},
    {FaultKind::kHttp418, "http_418", FaultPlace::kRequest},
    {FaultKind::kHttp500, "http_500", FaultPlace::kRequest},
    {FaultKind::kHttp503, "http_503", FaultPlace::kRequest},
    {FaultKind::kHttpHtml, "http_html", FaultPlace::kRequest},
    {FaultKind::kSlowRest, "slow_rest", FaultPlace::kRequest},
    {FaultKind::kRefuseConnect, "refuse_connect", FaultPlace::kConnect},
}};

std::optional<FaultKind> kind_named(std::string_view text) {
  for (const KindName& one : kKinds) {
    if (one.text == text) return one.kind;
  }
  return std::nullopt;
}

std::string kind_list() {
  std::string list;
  for (const KindName& one : kKinds) list.append(list.empty() ? "" : " ").append(one.text);
  return list;
}

template <class Number>
bool read_number(std::string_view text, Number& into) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  return error == std::errc{} && end == text.data() + text.size();
}

bool set_key(Fault& fault, std::string_view key, std::string_view value) {
  if (key == "at") return read_number(value, fault.at) && fault.at > 0;
  if (key == "rate") return read_number(value, fault.rate) && fault.rate > 0 && fault.rate <= 1;
  if (key == "count") return read_number(value, fault.count) && fault.count > 0;
  if (key == "code") return read_number(value, fault.code) && fault.code >= 1000 && fault.code < 5000;
  if (key == "seconds") return read_number(value, fault.seconds) && fault.seconds > 0;
  if (key == "channel") fault.channel = value;
  if (key == "venue") fault.venue = value;
  if (key == "symbol") fault.symbol = value;
  return key == "channel" || key == "venue" || key == "symbol";
}

// A word without '=': the first is a rate or a close code if it is a number, then venue, then symbol.
bool set_word(Fault& fault, std::string_view word) {
  if (word.empty()) return true;
  double number = 0;
  if (read_number(word, number)) {
    return number < 1000 ? set_key(fault, "rate", word) : set_key(fault, "code", word);
  }
  if (fault.venue.empty()) {
    fault.venue = word;
    return true;
  }
  if (!fault.symbol.empty()) return false;
  fault.symbol = word;
  return true;
}

}  // namespace

std::string_view name(FaultKind kind) noexcept { return kKinds[static_cast<std::size_t>(kind)].text; }
FaultPlace place_of(FaultKind kind) noexcept { return kKinds[static_cast<std::size_t>(kind)].place; }

std::variant<Fault, std::string> parse_fault(std::string_view text) {
  Fault fault;
  auto rest = text;
  for (bool first = true; !rest.empty() || first; first = false) {
    const auto end = rest.find(':');
    const auto word = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    if (first) {
      const auto kind = kind_named(word);
      if (!kind) return fmt::format("unknown fault \"{}\"; there are: {}", word, kind_list());
      fault.kind = *kind;
      continue;
    }
    const auto equals = word.find('=');
    const bool good = equals == std::string_view::npos
                          ? set_word(fault, word)
                          : set_key(fault, word.substr(0, equals), word.substr(equals + 1));
    if (!good) return fmt::format("fault \"{}\": \"{}\" is not understood", text, word);
  }
  return fault;
}

std::variant<Fault, std::string> parse_fault_json(std::string_view text) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(text.data(), text.size()).get(object) != simdjson::SUCCESS) return "not a JSON object";
  Fault fault;
  std::string_view kind_text;
  if (object["kind"].get(kind_text) != simdjson::SUCCESS) return "\"kind\" is missing";
  const auto kind = kind_named(kind_text);
  if (!kind) return fmt::format("unknown fault \"{}\"; there are: {}", kind_text, kind_list());
  fault.kind = *kind;
  for (const auto field : object) {
    if (field.key == "kind") continue;
    std::string_view words;
    const bool is_text = field.value.get(words) == simdjson::SUCCESS;
    const std::string value = is_text ? std::string(words) : simdjson::minify(field.value);
    if (!set_key(fault, field.key, value)) return fmt::format("\"{}\" is not understood", field.key);
  }
  return fault;
}

std::string_view loss_evidence(std::string_view venue, Channel channel) noexcept {
  switch (channel) {
    case Channel::kBook:
      return venue == "kraken" ? "checksum" : "sequence";
    case Channel::kTrade:
    case Channel::kTradeAgg:
      return "sequence";
    default:
      return "none";
  }
}

std::string_view shown(FaultKind kind, std::string_view venue, const Tag& tag) noexcept {
  switch (kind) {
    case FaultKind::kDuplicate:
    case FaultKind::kFragment:
    case FaultKind::kDrip:
    case FaultKind::kPingFlood:
      return "no";  // nothing is lost
    case FaultKind::kDrop:
    case FaultKind::kReorder:
    case FaultKind::kGap:
    case FaultKind::kBadJson:
    case FaultKind::kTruncatedJson:
    case FaultKind::kWrongType:
      break;
    default:
      return "yes";  // the connection, the request or the checksum itself fails
  }
  const auto evidence = loss_evidence(venue, tag.channel);
  if (evidence == "none") return "no";
  return evidence == "sequence" || tag.top_changed ? "yes" : "maybe";
}

}  // namespace millrace::sim

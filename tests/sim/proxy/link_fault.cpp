#include "tests/sim/proxy/link_fault.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>

#include "tests/sim/accounts/json_in.h"

namespace millrace::sim {
namespace {

constexpr std::array<std::string_view, 9> kNames = {"delay",   "drop",      "reset",   "half_close", "drip",
                                                    "corrupt", "duplicate", "reorder", "partition"};
constexpr std::chrono::milliseconds kBetweenDrops{1};

std::optional<LinkFaultKind> kind_named(std::string_view text) {
  const auto found = std::find(kNames.begin(), kNames.end(), text);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<LinkFaultKind>(found - kNames.begin());
}

bool read_count(const accounts::JsonIn& json, const char* key, std::uint64_t& into) {
  const auto value = json.whole(key);
  if (!value) return !json.has(key);
  into = static_cast<std::uint64_t>(*value);
  return *value >= 0;
}

bool read_numbers(const accounts::JsonIn& json, LinkFault& fault) {
  std::uint64_t ms = static_cast<std::uint64_t>(fault.ms);
  const bool good = read_count(json, "/after", fault.after) && read_count(json, "/times", fault.times) &&
                    read_count(json, "/bytes", fault.bytes) && read_count(json, "/ms", ms) && ms <= 3'600'000;
  fault.ms = static_cast<std::int64_t>(ms);
  if (json.has("/rate")) fault.rate = json.number("/rate").value_or(-1);
  return good && fault.rate >= 0 && fault.rate <= 1;
}

}  // namespace

std::string_view name(LinkFaultKind kind) noexcept { return kNames[static_cast<std::size_t>(kind)]; }

std::variant<LinkFault, std::string> parse_link_fault(std::string_view text) {
  const accounts::JsonIn json(text);
  const auto kind = kind_named(json.text("/kind"));
  if (!kind) return fmt::format("\"kind\" is one of: {}", fmt::join(kNames, " "));
  LinkFault fault;
  fault.kind = *kind;
  const std::string direction = json.has("/direction") ? json.text("/direction") : "both";
  fault.up = direction != "down";
  fault.down = direction != "up";
  if (direction != "both" && direction != "up" && direction != "down") return "\"direction\" is up, down or both";
  for (const std::string& key : json.names("")) {
    static constexpr std::array<std::string_view, 7> kKeys = {"kind",  "direction", "after", "rate",
                                                              "times", "ms",        "bytes"};
    if (std::find(kKeys.begin(), kKeys.end(), key) == kKeys.end()) return fmt::format("\"{}\" is not understood", key);
  }
  if (!read_numbers(json, fault))
    return "a number is out of range: rate is 0 to 1, the others are whole and not negative";
  return fault;
}

bool LinkFaults::concerns(const LinkFault& fault, LinkDirection direction) noexcept {
  return direction == LinkDirection::kUp ? fault.up : fault.down;
}

bool LinkFaults::partitioned(LinkDirection direction) const noexcept {
  return std::any_of(faults_.begin(), faults_.end(), [&](const LinkFault& fault) {
    return fault.kind == LinkFaultKind::kPartition && concerns(fault, direction);
  });
}

// Uses the fault up. A chance is drawn only where the fault could strike, so that orders do not disturb each other.
bool LinkFaults::strikes(LinkFault& fault, LinkDirection direction, std::uint64_t passed, std::size_t size) {
  if (fault.kind == LinkFaultKind::kPartition || !concerns(fault, direction)) return false;
  if (fault.kind == LinkFaultKind::kDelay) return true;
  if (passed + size < fault.after || (fault.rate > 0 && !random_.chance(fault.rate))) return false;
  ++struck_[static_cast<std::size_t>(fault.kind)];
  if (fault.times > 0 && --fault.times == 0) fault.up = fault.down = false;
  return true;
}

LinkOutcome LinkFaults::pass(LinkDirection direction, std::uint64_t passed, std::string chunk) {
  LinkOutcome out;
  const std::size_t size = chunk.size();
  for (LinkFault& fault : faults_) {
    if (strikes(fault, direction, passed, size)) apply(fault, passed, chunk, out);
    if (out.end != LinkOutcome::End::kNone) break;
  }
  std::erase_if(faults_, [](const LinkFault& fault) { return !fault.up && !fault.down; });
  if (!chunk.empty()) out.pieces.push_back({std::move(chunk), {}});
  return out;
}

// What is left in `chunk` is sent last.
void LinkFaults::apply(const LinkFault& fault, std::uint64_t passed, std::string& chunk, LinkOutcome& out) {
  switch (fault.kind) {
    case LinkFaultKind::kDelay:
      out.late += std::chrono::milliseconds(fault.ms);
      return;
    case LinkFaultKind::kDrop:
      chunk.clear();
      return;
    case LinkFaultKind::kReset:
    case LinkFaultKind::kHalfClose:
      chunk.resize(std::min<std::uint64_t>(chunk.size(), fault.after > passed ? fault.after - passed : 0));
      out.end = fault.kind == LinkFaultKind::kReset ? LinkOutcome::End::kReset : LinkOutcome::End::kHalfClose;
      return;
    case LinkFaultKind::kDrip:
      for (std::size_t i = 0; i < std::min<std::uint64_t>(fault.bytes, chunk.size()); ++i) {
        out.pieces.push_back({chunk.substr(i, 1), kBetweenDrops});
      }
      chunk.erase(0, std::min<std::uint64_t>(fault.bytes, chunk.size()));
      return;
    case LinkFaultKind::kCorrupt: {
      if (chunk.empty()) return;
      char& byte = chunk[static_cast<std::size_t>(random_.below(static_cast<std::int64_t>(chunk.size())))];
      byte = static_cast<char>(byte ^ (1 << random_.below(8)));
      return;
    }
    case LinkFaultKind::kDuplicate:
      chunk += std::string(chunk);
      return;
    case LinkFaultKind::kReorder:
      std::rotate(chunk.begin(), chunk.begin() + static_cast<std::ptrdiff_t>(chunk.size() / 2), chunk.end());
      return;
    case LinkFaultKind::kPartition:
      return;
  }
}

std::string LinkFaults::counts() const {
  std::string out = "{";
  for (std::size_t i = 0; i < struck_.size(); ++i) {
    if (struck_[i] == 0) continue;
    fmt::format_to(std::back_inserter(out), R"({}"{}":{})", out.size() > 1 ? "," : "", kNames[i], struck_[i]);
  }
  return out + "}";
}

}  // namespace millrace::sim

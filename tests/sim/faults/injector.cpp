#include "tests/sim/faults/injector.h"

#include <array>

#include "schemas/events/time.h"

namespace millrace::sim {

namespace {

constexpr int kGapFrames = 3;
constexpr int kHugeMiB = 32;
constexpr int kPings = 500;
constexpr int kDripBytes = 2'000;

std::string stream_of(const Tag& tag) { return std::string(name(tag.channel)) + ' ' + std::string(tag.symbol); }

int or_default(int value, int otherwise) noexcept { return value > 0 ? value : otherwise; }

// Another last digit: still a number, but not the book's.
std::string with_bad_checksum(std::string_view text) {
  std::string out(text);
  const auto key = out.find("\"checksum\":");
  if (key == std::string::npos) return out;
  auto at = key + 11;
  while (at + 1 < out.size() && out[at + 1] >= '0' && out[at + 1] <= '9') ++at;
  out[at] = out[at] == '0' ? '1' : static_cast<char>(out[at] - 1);
  return out;
}

// A field that readers use gets an array as its value; the message stays well-formed.
std::string with_wrong_type(std::string_view text) {
  static constexpr std::array<std::string_view, 8> kFields{
      "\"checksum\":", "\"u\":", "\"p\":", "\"price\":", "\"bid\":", "\"open\":", "\"c\":", "\"k\":"};
  for (const auto field : kFields) {
    const auto at = text.find(field);
    if (at == std::string_view::npos) continue;
    std::string out(text.substr(0, at + field.size()));
    return out.append("[],\"instead_of\":").append(text.substr(at + field.size()));
  }
  return std::string(text);
}

}  // namespace

void Injector::pass(std::string_view text, const Tag& tag, Delivery& to) {
  // A dead connection must not use up the faults that are meant for the living.
  if (gone_ || (silence_ && silent(tag))) return;
  if ((!reordered_.empty() || !gaps_.empty()) && held_back(text, tag, to)) return;
  const auto fault = book_->on_message(venue_, tag);
  if (!fault) return to.deliver(text);
  strike(*fault, text, tag, to);
}

// Does an earlier fault decide about this message?
bool Injector::held_back(std::string_view text, const Tag& tag, Delivery& to) {
  const std::string stream = stream_of(tag);
  if (continues_gap(stream, tag)) return true;
  const auto waiting = reordered_.find(stream);
  if (waiting == reordered_.end()) return false;
  const std::string earlier = std::move(waiting->second);
  reordered_.erase(waiting);
  to.deliver(text);
  to.deliver(earlier);
  return true;
}

bool Injector::continues_gap(const std::string& stream, const Tag& tag) {
  const auto found = gaps_.find(stream);
  if (found == gaps_.end()) return false;
  Gap& gap = found->second;
  gap.record.tag.last_id = tag.last_id;
  gap.record.tag.top_changed |= tag.top_changed;
  ++gap.record.frames;
  ++gap.record.lost;
  if (--gap.left > 0) return true;
  log_->add(gap.record);
  gaps_.erase(found);
  return true;
}

bool Injector::silent(const Tag& tag) {
  if (silent_until_ns_ != 0 && clock_() >= silent_until_ns_) {
    silence_ = false;
    return false;
  }
  return silent_symbol_.empty() || silent_symbol_ == tag.symbol;
}

void Injector::on_close() {
  for (auto& [stream, gap] : gaps_) log_->add(gap.record);
  gaps_.clear();
}

void Injector::note(const Fault& fault, const Tag& tag, int lost) {
  log_->add({.time_ns = clock_(),
             .venue = venue_,
             .connection = client_,
             .tag = tag,
             .kind = fault.kind,
             .frames = 1,
             .lost = lost,
             .target = {},
             .note = fault.kind == FaultKind::kSilence && !fault.symbol.empty() ? "one symbol" : ""});
}

void Injector::strike(const Fault& fault, std::string_view text, const Tag& tag, Delivery& to) {
  if (place_of(fault.kind) == FaultPlace::kMessage) return strike_message(fault, text, tag, to);
  note(fault, tag, 0);
  strike_connection(fault, text, to);
}

void Injector::strike_message(const Fault& fault, std::string_view text, const Tag& tag, Delivery& to) {
  switch (fault.kind) {
    case FaultKind::kDrop:
      return note(fault, tag, 1);
    case FaultKind::kDuplicate:
      note(fault, tag, 0);
      to.deliver(text);
      return to.deliver(text);
    case FaultKind::kReorder:
      note(fault, tag, 0);
      reordered_.emplace(stream_of(tag), text);
      return;
    case FaultKind::kGap: {
      Gap gap{{clock_(), venue_, client_, tag, fault.kind, 1, 1, {}, {}}, or_default(fault.count, kGapFrames) - 1};
      if (gap.left == 0) return log_->add(gap.record);
      gaps_.emplace(stream_of(tag), std::move(gap));
      return;
    }
    case FaultKind::kBadChecksum:
      note(fault, tag, 0);
      return to.deliver(with_bad_checksum(text));
    case FaultKind::kBadJson:
      note(fault, tag, 1);
      return to.deliver("{" + std::string(text));
    case FaultKind::kTruncatedJson:
      note(fault, tag, 1);
      return to.deliver(text.substr(0, text.size() / 2));
    case FaultKind::kWrongType:
      note(fault, tag, 1);
      return to.deliver(with_wrong_type(text));
    case FaultKind::kFragment:
      note(fault, tag, 0);
      return to.deliver_in_fragments(text);
    default:
      return to.deliver(text);
  }
}

void Injector::strike_connection(const Fault& fault, std::string_view text, Delivery& to) {
  switch (fault.kind) {
    case FaultKind::kSilence:
      silence_ = true;
      silent_symbol_ = fault.symbol;
      silent_until_ns_ = fault.seconds == 0 ? 0 : clock_() + fault.seconds * kSecond;
      return;
    case FaultKind::kHugeFrame: {
      to.deliver(text);
      const auto size = static_cast<std::size_t>(or_default(fault.count, kHugeMiB)) << 20U;
      std::string huge = R"({"huge":")";
      huge.append(size, 'x');
      return to.deliver(huge.append("\"}"));
    }
    case FaultKind::kHalfOpen:
      gone_ = true;
      return to.go_dead();
    case FaultKind::kReset:
      gone_ = true;
      return to.break_off(text);
    case FaultKind::kClose:
      to.deliver(text);
      return to.disconnect(static_cast<std::uint16_t>(or_default(fault.code, 1001)), "as told");
    case FaultKind::kDrip:
      to.go_slow(static_cast<std::size_t>(or_default(fault.count, kDripBytes)));
      return to.deliver(text);
    case FaultKind::kPingFlood:
      to.deliver(text);
      return to.flood_with_pings(or_default(fault.count, kPings));
    default:
      return to.deliver(text);
  }
}

}  // namespace millrace::sim

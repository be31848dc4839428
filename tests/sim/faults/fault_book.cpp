#include "tests/sim/faults/fault_book.h"

#include <fmt/format.h>

#include <iterator>
#include <stdexcept>

namespace millrace::sim {

namespace {

constexpr std::size_t kKeptLines = 100'000;

bool is_data(const Tag& tag) noexcept {
  return tag.channel != Channel::kControl && tag.channel != Channel::kHeartbeat &&
         tag.channel != Channel::kInstrument && !tag.snapshot;
}

bool matches(const std::string& filter, std::string_view value) { return filter.empty() || filter == value; }

}  // namespace

void FaultBook::add(Fault fault) {
  const std::lock_guard lock(mutex_);
  std::erase_if(faults_, [](const Fault& one) { return one.spent; });
  faults_.push_back(std::move(fault));
  waiting_ = faults_.size();
}

// The first of the concerned faults whose turn it is. All of them count the candidate.
std::optional<Fault> FaultBook::strike(const std::function<bool(const Fault&)>& concerns) {
  const std::lock_guard lock(mutex_);
  std::optional<Fault> struck;
  for (Fault& fault : faults_) {
    if (fault.spent || !concerns(fault)) continue;
    ++fault.seen;
    const bool chance = fault.rate > 0;
    const bool turn = chance ? static_cast<double>(engine_() >> 11U) * 0x1p-53 < fault.rate : fault.seen >= fault.at;
    if (!turn || struck) continue;
    fault.spent = !chance;
    struck = fault;
  }
  return struck;
}

std::optional<Fault> FaultBook::on_message(std::string_view venue, const Tag& tag) {
  if (waiting_ == 0) return std::nullopt;
  return strike([&](const Fault& fault) {
    const FaultPlace place = place_of(fault.kind);
    if (place == FaultPlace::kMessage && !is_data(tag)) return false;
    if (place != FaultPlace::kMessage && place != FaultPlace::kConnection) return false;
    if (fault.kind == FaultKind::kBadChecksum && loss_evidence(venue, tag.channel) != "checksum") return false;
    return matches(fault.venue, venue) && matches(fault.symbol, tag.symbol) &&
           matches(fault.channel, name(tag.channel));
  });
}

std::optional<Fault> FaultBook::on_request(std::string_view venue, std::string_view target) {
  if (waiting_ == 0) return std::nullopt;
  return strike([&](const Fault& fault) {
    return place_of(fault.kind) == FaultPlace::kRequest && matches(fault.venue, venue) &&
           target.find(fault.symbol) != std::string_view::npos && target.find(fault.channel) != std::string_view::npos;
  });
}

std::optional<Fault> FaultBook::on_connect(std::string_view venue) {
  if (waiting_ == 0) return std::nullopt;
  return strike(
      [&](const Fault& fault) { return place_of(fault.kind) == FaultPlace::kConnect && matches(fault.venue, venue); });
}

FaultLog::FaultLog(const std::string& file) {
  if (file.empty()) return;
  file_ = std::fopen(file.c_str(), "a");
  if (file_ == nullptr) throw std::runtime_error("cannot write the fault log " + file);
}

FaultLog::~FaultLog() {
  if (file_ != nullptr) std::fclose(file_);
}

void FaultLog::add(const FaultRecord& record) {
  const std::lock_guard lock(mutex_);
  ++counts_[name(record.kind)];
  const bool message = record.tag.channel != Channel::kControl && record.tag.channel != Channel::kHeartbeat;
  std::string line = fmt::format(R"({{"n":{},"t":{},"kind":"{}","venue":"{}","conn":{})", next_++, record.time_ns,
                                 name(record.kind), record.venue, record.connection);
  const auto out = std::back_inserter(line);
  if (message) {
    fmt::format_to(out, R"(,"symbol":"{}","dataset":"{}","first_id":{},"last_id":{},"evidence":"{}")",
                   record.tag.symbol, name(record.tag.channel), record.tag.first_id, record.tag.last_id,
                   loss_evidence(record.venue, record.tag.channel));
  }
  if (!record.target.empty()) fmt::format_to(out, R"(,"target":"{}")", record.target);
  if (!record.note.empty()) fmt::format_to(out, R"(,"note":"{}")", record.note);
  fmt::format_to(out, R"(,"frames":{},"lost":{},"shows":"{}"}})", record.frames, record.lost,
                 shown(record.kind, record.venue, record.tag));
  append(std::move(line));
}

void FaultLog::event(std::int64_t time_ns, std::string_view what, std::string_view fields) {
  const std::lock_guard lock(mutex_);
  append(fmt::format(R"({{"n":{},"t":{},"event":"{}"{}}})", next_++, time_ns, what, fields));
}

void FaultLog::append(std::string line) {
  line += '\n';
  if (file_ != nullptr) {
    std::fwrite(line.data(), 1, line.size(), file_);
    std::fflush(file_);
  }
  if (lines_.size() >= kKeptLines) lines_.erase(lines_.begin(), lines_.begin() + kKeptLines / 10);
  lines_.push_back(std::move(line));
}

std::string FaultLog::lines() const {
  const std::lock_guard lock(mutex_);
  std::string all;
  for (const std::string& line : lines_) all += line;
  return all;
}

std::string FaultLog::counts() const {
  const std::lock_guard lock(mutex_);
  std::string out = "{";
  for (const auto& [kind, count] : counts_) {
    fmt::format_to(std::back_inserter(out), R"({}"{}":{})", out.size() > 1 ? "," : "", kind, count);
  }
  return out + "}";
}

}  // namespace millrace::sim

#include "cli/subscribe/wanted.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <variant>

#include "publish/kafka/topic_names.h"
#include "schemas/codec/decode.h"
#include "schemas/codec/json_writer.h"

namespace millrace::cli {
namespace {

using schemas::StreamState;

// From the best to the worst.
constexpr std::array kStates = {StreamState::kLive,       StreamState::kStale,       StreamState::kSyncing,
                                StreamState::kRecovering, StreamState::kSubscribing, StreamState::kAuthenticating,
                                StreamState::kConnecting, StreamState::kBackingOff,  StreamState::kDisconnected,
                                StreamState::kHalted,     StreamState::kUnspecified};

bool is_worse(StreamState a, StreamState b) { return std::ranges::find(kStates, a) > std::ranges::find(kStates, b); }

// Control characters would move the cursor of whoever reads.
std::string cell(std::string_view text) {
  std::string out(text.empty() ? "-" : text);
  std::ranges::replace_if(
      out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
  return out;
}

std::string state_text(const WantedRow& row) {
  return row.state == StreamState::kUnspecified ? "-" : std::string(name(row.state));
}

using Line = std::array<std::string, 8>;

Line line_of(const WantedRow& row) {
  const auto seconds = static_cast<std::time_t>(row.time / 1'000'000'000);
  return {cell(row.venue),
          cell(row.symbol),
          row.datasets.empty() ? "as configured" : cell(fmt::format("{}", fmt::join(row.datasets, ","))),
          fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(seconds)),
          cell(row.by),
          fmt::format("{}", row.partition),
          cell(row.worker),
          state_text(row)};
}

}  // namespace

// Of a record without a value only the key speaks; it names the subscription in any case.
bool Wanted::on_subscription(std::string_view key, std::string_view value, std::int32_t partition) {
  const auto names = publish::parse_subscription_key(key);
  if (!names) return false;
  if (value.empty()) {
    if (const auto known = rows_.find(key); known != rows_.end()) rows_.erase(known);
    return true;
  }
  const auto record = schemas::decode(schemas::MessageType::kSubscription, value);
  if (!record) return false;
  const auto& body = std::get<schemas::Subscription>(*record);
  rows_[std::string(key)] = {
      std::string(names->venue), std::string(names->symbol), body.datasets, body.time, body.by, partition, {},
      StreamState::kUnspecified};
  return true;
}

// What comes under a lower epoch than seen is a superseded worker's.
bool Wanted::on_status(std::string_view value) {
  const auto record = schemas::decode(schemas::MessageType::kStreamStatus, value);
  if (!record) return false;
  const auto& status = std::get<schemas::Decoded<schemas::StreamStatus>>(*record);
  Told& known = status_[{status.meta.stream->venue, status.meta.stream->symbol}][status.body.dataset];
  if (status.meta.epoch >= known.epoch) known = {status.meta.epoch, status.body.worker, status.body.state};
  return true;
}

void Wanted::add_state(WantedRow& row) const {
  const auto known = status_.find({row.venue, row.symbol});
  if (known == status_.end()) return;
  const Told* worst = nullptr;
  const Told* latest = nullptr;
  for (const auto& [dataset, told] : known->second) {
    if (!row.datasets.empty() && std::ranges::find(row.datasets, dataset) == row.datasets.end()) continue;
    if (worst == nullptr || is_worse(told.state, worst->state)) worst = &told;
    if (latest == nullptr || told.epoch > latest->epoch) latest = &told;
  }
  if (worst == nullptr) return;
  row.state = worst->state;
  row.worker = latest->worker;
}

std::vector<WantedRow> Wanted::rows(std::string_view venue) const {
  std::vector<WantedRow> out;
  for (const auto& [key, row] : rows_) {
    if (!venue.empty() && row.venue != venue) continue;
    add_state(out.emplace_back(row));
  }
  return out;
}

std::string wanted_table(const std::vector<WantedRow>& rows) {
  std::vector<Line> lines{{"VENUE", "SYMBOL", "DATASETS", "SINCE", "BY", "PARTITION", "WORKER", "STATE"}};
  for (const WantedRow& row : rows) lines.push_back(line_of(row));
  std::array<std::size_t, std::tuple_size_v<Line>> widths{};
  for (const Line& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  std::string out;
  for (const Line& line : lines) {
    for (std::size_t i = 0; i + 1 < line.size(); ++i) out += fmt::format("{:<{}}  ", line[i], widths[i]);
    out += line.back() + '\n';
  }
  const auto live = std::ranges::count(rows, StreamState::kLive, &WantedRow::state);
  return out + fmt::format("{} wanted, {} LIVE\n", rows.size(), live);
}

std::string wanted_json(const std::vector<WantedRow>& rows) {
  std::string out;
  for (const WantedRow& row : rows) {
    schemas::JsonWriter json(out);
    json.text("venue", row.venue);
    json.text("symbol", row.symbol);
    json.texts("dataset", row.datasets);
    json.integer("time_ns", row.time);
    json.text("by", row.by);
    json.integer("partition", std::int64_t{row.partition});
    json.text("worker", row.worker);
    if (row.state != StreamState::kUnspecified) json.text("state", name(row.state));
    json.finish();
    out += '\n';
  }
  return out;
}

}  // namespace millrace::cli

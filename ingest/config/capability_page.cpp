#include "ingest/config/capability_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "normalize/venue_adapter.h"

namespace millrace::ingest {
namespace {

using Row = std::vector<std::string>;

std::string or_dash(std::string_view text) { return text.empty() ? "-" : std::string(text); }
std::string number(std::int64_t value) { return value == 0 ? "-" : std::to_string(value); }

std::string cadence(std::int64_t ns) { return ns == 0 ? "on change" : fmt::format("{} ms", ns / 1'000'000); }

std::string evidence(const normalize::DatasetCapability& row) {
  const std::string word{schemas::name(row.evidence)};
  return row.evidence_depth ? fmt::format("{} of {} levels", word, *row.evidence_depth) : word;
}

// Candles differ in their interval only: one row names them all, if they are otherwise the same.
bool same_but_interval(const normalize::DatasetCapability& a, const normalize::DatasetCapability& b) {
  return !candle_interval(a.dataset).empty() && !candle_interval(b.dataset).empty() && a.evidence == b.evidence &&
         a.cadence_ns == b.cadence_ns && a.depth == b.depth && a.rest == b.rest;
}

const Row kDatasetHead = {"venue", "dataset", "channel", "depth", "cadence", "loss evidence", "REST"};
// Venues are made without options: a capability must not depend on a configuration.
std::vector<Row> dataset_rows() {
  std::vector<Row> rows;
  for (const auto& entry : normalize::venues()) {
    const auto venue = entry.make({});
    const normalize::DatasetCapability* before = nullptr;
    for (const auto& row : venue->capabilities().datasets) {
      const bool joins = before != nullptr && same_but_interval(*before, row);
      before = &row;
      if (joins) {
        rows.back()[1] += fmt::format(" {}", candle_interval(row.dataset));
        continue;
      }
      rows.push_back({std::string(entry.name), std::string(name(row.dataset)), or_dash(row.channel), or_dash(row.depth),
                      cadence(row.cadence_ns), evidence(row), or_dash(row.rest)});
    }
  }
  return rows;
}

const Row kLimitHead = {"venue",       "streams/connection", "messages/s", "connects",       "lifetime [s]",
                        "silence [s]", "busy silence [s]",   "ping [s]",   "REST weight/min"};
std::vector<Row> limit_rows() {
  std::vector<Row> rows;
  for (const auto& entry : normalize::venues()) {
    const auto venue = entry.make({});
    const normalize::VenueLimits& limits = venue->capabilities().limits;
    const std::string connects = limits.connects_per_window == 0
                                     ? "-"
                                     : fmt::format("{} in {} s", limits.connects_per_window, limits.connect_window_s);
    rows.push_back({std::string(entry.name), number(limits.streams_per_connection), number(limits.messages_per_second),
                    connects, number(limits.lifetime_s), number(limits.silence_ns / 1'000'000'000),
                    number(limits.busy_silence_ns / 1'000'000'000), number(limits.ping_interval_ns / 1'000'000'000),
                    number(limits.rest_weight_per_minute)});
  }
  return rows;
}

std::string markdown(const Row& head, const std::vector<Row>& rows) {
  std::string text = fmt::format("| {} |\n|", fmt::join(head, " | "));
  for (std::size_t i = 0; i < head.size(); ++i) text += "---|";
  text += '\n';
  for (const Row& row : rows) text += fmt::format("| {} |\n", fmt::join(row, " | "));
  return text;
}

std::string columns(const Row& head, const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(head.size());
  for (std::size_t i = 0; i < head.size(); ++i) {
    widths[i] = head[i].size();
    for (const Row& row : rows) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  const auto add = [&](const Row& row) {
    for (std::size_t i = 0; i < row.size(); ++i) text += fmt::format("{:<{}}", row[i], widths[i] + 2);
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
  };
  add(head);
  for (const Row& row : rows) add(row);
  return text;
}

}  // namespace

std::string capability_markdown() {
  return markdown(kDatasetHead, dataset_rows()) + "\n" + markdown(kLimitHead, limit_rows());
}

std::string capability_text() {
  return columns(kDatasetHead, dataset_rows()) + "\n" + columns(kLimitHead, limit_rows());
}

}  // namespace millrace::ingest

#include "publish/metrics.h"

#include <fmt/format.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <iterator>
#include <sstream>
#include <utility>

namespace millrace::publish {
namespace {

using LabelNames = std::vector<std::string>;

LabelNames label_names(std::string_view labels) {
  LabelNames names;
  while (!labels.empty()) {
    const std::size_t comma = std::min(labels.find(','), labels.size());
    names.emplace_back(labels.substr(0, comma));
    labels.remove_prefix(std::min(comma + 1, labels.size()));
  }
  return names;
}

std::string_view name(MetricKind kind) noexcept {
  switch (kind) {
    case MetricKind::kCounter:
      return "counter";
    case MetricKind::kGauge:
      return "gauge";
    case MetricKind::kHistogram:
      return "histogram";
  }
  return "untyped";
}

prometheus::MetricType type_of(MetricKind kind) {
  switch (kind) {
    case MetricKind::kCounter:
      return prometheus::MetricType::Counter;
    case MetricKind::kGauge:
      return prometheus::MetricType::Gauge;
    case MetricKind::kHistogram:
      return prometheus::MetricType::Histogram;
  }
  return prometheus::MetricType::Untyped;
}

// The table's name in seconds: Prometheus knows no other unit of time.
double seconds(double ns) { return ns / 1e9; }

// Prometheus' buckets are cumulative, ours are not, so that a thread changes one number per latency.
void fill_histogram(const std::array<std::uint64_t, LatencyHistogram::kBuckets>& buckets, std::uint64_t sum_ns,
                    prometheus::ClientMetric::Histogram& out) {
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i < LatencyHistogram::kBounds.size(); ++i) {
    cumulative += buckets[i];
    out.bucket.push_back({cumulative, seconds(static_cast<double>(LatencyHistogram::kBounds[i]))});
  }
  // The serializer adds the bucket without a bound from the count.
  out.sample_count = cumulative + buckets.back();
  out.sample_sum = seconds(static_cast<double>(sum_ns));
}

}  // namespace

// Added to the zero that a new entry begins with; max() against that zero would hide negative gauges.
void MetricWriter::add_value(Metric metric, double value, std::initializer_list<std::string_view> labels) {
  auto& family = families_[static_cast<std::size_t>(metric)];
  const auto [at, is_new] = family.try_emplace(LabelValues(labels.begin(), labels.end()));
  double& folded = at->second.value;
  folded = is_new || info(metric).fold == Fold::kSum ? folded + value : std::max(folded, value);
}

void MetricWriter::add_histogram(Metric metric, const LatencyHistogram& histogram,
                                 std::initializer_list<std::string_view> labels) {
  Sample& sample = families_[static_cast<std::size_t>(metric)][LabelValues(labels.begin(), labels.end())];
  for (std::size_t i = 0; i < LatencyHistogram::kBuckets; ++i) sample.buckets[i] += histogram.count(i);
  sample.sum_ns += histogram.sum_ns();
}

// Families are built per scrape and thrown away. prometheus-cpp's own registry has atomic doubles that every increment
// must compare and swap, where a Tally is a plain store.
std::string MetricWriter::text() const {
  std::vector<prometheus::MetricFamily> families;
  for (std::size_t i = 0; i < kMetrics.size(); ++i) {
    if (families_[i].empty()) continue;
    const MetricInfo& what = kMetrics[i];
    const LabelNames names = label_names(what.labels);
    prometheus::MetricFamily family{std::string(what.name), std::string(what.help), type_of(what.kind), {}};
    for (const auto& [values, sample] : families_[i]) {
      prometheus::ClientMetric metric;
      for (std::size_t label = 0; label < names.size(); ++label) metric.label.push_back({names[label], values[label]});
      metric.counter.value = sample.value;
      metric.gauge.value = sample.value;
      if (what.kind == MetricKind::kHistogram) fill_histogram(sample.buckets, sample.sum_ns, metric.histogram);
      family.metric.push_back(std::move(metric));
    }
    families.push_back(std::move(family));
  }
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families);
  return std::move(out).str();
}

Metrics::Registration::Registration(Registration&& other) noexcept
    : owner_(std::exchange(other.owner_, nullptr)), at_(other.at_) {}

Metrics::Registration& Metrics::Registration::operator=(Registration&& other) noexcept {
  std::swap(owner_, other.owner_);
  std::swap(at_, other.at_);
  return *this;
}

Metrics::Registration::~Registration() {
  if (!owner_) return;
  const std::lock_guard lock(owner_->mutex_);
  owner_->sources_.erase(at_);
}

Metrics::Registration Metrics::add(Source source) {
  const std::lock_guard lock(mutex_);
  sources_.push_back(std::move(source));
  return {this, std::prev(sources_.end())};
}

// The text is made outside the lock: it is the longer part, and registrations may wait for it.
std::string Metrics::scrape() {
  MetricWriter writer;
  {
    const std::lock_guard lock(mutex_);
    for (const Source& source : sources_) source(writer);
  }
  return writer.text();
}

// A test compares it with the file, so the page cannot go stale.
std::string metrics_page() {
  std::string page =
      "# Metrics\n\n"
      "Every metric of `/metrics`. Made from `publish/metric_table.h`; a test compares the two.\n"
      "The share of records under 1 ms is bucket `le=\"0.001\"` of a histogram over its count.\n\n"
      "| metric | kind | labels | meaning |\n|---|---|---|---|\n";
  for (const MetricInfo& each : kMetrics) {
    page += fmt::format("| `{}` | {} | {} | {} |\n", each.name, name(each.kind),
                        fmt::join(label_names(each.labels), ", "), each.help);
  }
  return page;
}

}  // namespace millrace::publish

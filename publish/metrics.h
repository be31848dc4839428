#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "publish/metric_table.h"
#include "publish/tally.h"

namespace millrace::publish {

// What one scrape collects. Label values are in the order of the table; a wrong number of them does not compile. Values
// of the same labels fold as the table says. One per scrape, on the scraping thread; label texts are copied, so they
// may be temporaries.
class MetricWriter {
 public:
  // A counter or gauge.
  template <Metric kMetric, class... Labels>
  void add(double value, const Labels&... labels) {
    static_assert(sizeof...(Labels) == label_count(info(kMetric).labels), "one value for each label of the table");
    static_assert(info(kMetric).kind != MetricKind::kHistogram);
    add_value(kMetric, value, {std::string_view(labels)...});
  }
  template <Metric kMetric, class... Labels>
  void add(const Tally& tally, const Labels&... labels) {
    add<kMetric>(static_cast<double>(tally.value()), labels...);
  }
  template <Metric kMetric, class... Labels>
  void add(const LatencyHistogram& histogram, const Labels&... labels) {
    static_assert(sizeof...(Labels) == label_count(info(kMetric).labels), "one value for each label of the table");
    static_assert(info(kMetric).kind == MetricKind::kHistogram);
    add_histogram(kMetric, histogram, {std::string_view(labels)...});
  }

  // Prometheus' text format, families in the order of the table, families without a value left out.
  std::string text() const;

 private:
  // Of one metric and one set of labels; a histogram uses the buckets, the others the value.
  struct Sample {
    double value = 0;
    std::array<std::uint64_t, LatencyHistogram::kBuckets> buckets{};
    std::uint64_t sum_ns = 0;
  };
  using LabelValues = std::vector<std::string>;

  void add_value(Metric metric, double value, std::initializer_list<std::string_view> labels);
  void add_histogram(Metric metric, const LatencyHistogram& histogram, std::initializer_list<std::string_view> labels);

  // By place in kMetrics; sorted by labels, so that two scrapes can be compared.
  std::array<std::map<LabelValues, Sample>, kMetrics.size()> families_;
};

// Where the parts of the process say what they count. Threads keep plain Tallies and pay nothing for a scrape; a source
// reads them when one comes. Thread-safe; outlives its registrations.
class Metrics {
 public:
  // Runs on the scraping thread, one scrape at a time, so it may only read what any thread may read.
  using Source = std::function<void(MetricWriter& out)>;

  // Keeps a source in the scrape. Once destroyed, the source is not running and never runs again: the destructor waits
  // for a scrape under way, so it must not run inside a source. Must not outlive its Metrics.
  class [[nodiscard]] Registration {
   public:
    Registration() = default;
    Registration(Registration&& other) noexcept;
    Registration& operator=(Registration&& other) noexcept;
    ~Registration();

   private:
    friend class Metrics;
    Registration(Metrics* owner, std::list<Source>::iterator at) : owner_(owner), at_(at) {}

    Metrics* owner_ = nullptr;
    std::list<Source>::iterator at_;
  };
  // The source must not throw and must not register or end others: the lock is held while it runs.
  Registration add(Source source);

  // Everything in Prometheus' text format. Any thread; one scrape at a time, the next waits.
  std::string scrape();

 private:
  std::mutex mutex_;
  std::list<Source> sources_;  // guarded by mutex_
};

// The table as a page: publish/metrics.md.
std::string metrics_page();

}  // namespace millrace::publish

#include "publish/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>

namespace millrace::publish {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Metrics, ShareUnderOneMillisecondCanBeRead) {
  LatencyHistogram latency;
  latency.add(999'999);
  latency.add(1'000'000);
  latency.add(1'000'001);
  latency.add(-5);
  MetricWriter out;
  out.add<Metric::kReceiveToAck>(latency, "market");
  const std::string text = out.text();
  EXPECT_THAT(text, HasSubstr("millrace_receive_to_ack_seconds_bucket{lane=\"market\",le=\"0.001\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("millrace_receive_to_ack_seconds_count{lane=\"market\"} 4\n"));
}

TEST(Metrics, LatencyAboveTheLastBoundIsCounted) {
  LatencyHistogram latency;
  latency.add(std::int64_t{1} << 60);
  MetricWriter out;
  out.add<Metric::kRestLatency>(latency, "kraken");
  EXPECT_THAT(out.text(), HasSubstr("le=\"30\"} 0\n"));
  EXPECT_THAT(out.text(), HasSubstr("le=\"+Inf\"} 1\n"));
}

TEST(Metrics, ThreadsAreFoldedBySumOrByMaximum) {
  Metrics metrics;
  const auto one = metrics.add([](MetricWriter& out) {
    out.add<Metric::kRecords>(3.0, "kraken", "book");
    out.add<Metric::kStaleness>(2.5, "kraken", "BTC-USD", "book");
  });
  const auto two = metrics.add([](MetricWriter& out) {
    out.add<Metric::kRecords>(4.0, "kraken", "book");
    out.add<Metric::kStaleness>(1.5, "kraken", "BTC-USD", "book");
  });
  const std::string text = metrics.scrape();
  EXPECT_THAT(text, HasSubstr("millrace_records_total{venue=\"kraken\",dataset=\"book\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("instrument=\"BTC-USD\",dataset=\"book\"} 2.5\n"));
}

TEST(Metrics, SourceEndsWithItsRegistration) {
  Metrics metrics;
  {
    const auto gone = metrics.add([](MetricWriter& out) { out.add<Metric::kBuild>(1.0, "x"); });
    EXPECT_THAT(metrics.scrape(), HasSubstr("millrace_build_info"));
  }
  EXPECT_THAT(metrics.scrape(), Not(HasSubstr("millrace_build_info")));
}

TEST(Metrics, LabelValuesAreEscaped) {
  MetricWriter out;
  out.add<Metric::kBuild>(1.0, "a\"b\\c\nd");
  EXPECT_THAT(out.text(), HasSubstr("version=\"a\\\"b\\\\c\\nd\"} 1\n"));
}

TEST(Metrics, EveryMetricOfTheTableHasItsPlaceAndName) {
  std::set<std::string_view> names;
  for (const MetricInfo& each : kMetrics) {
    EXPECT_TRUE(each.name.starts_with("millrace_")) << each.name;
    EXPECT_EQ(each.kind == MetricKind::kCounter, each.name.ends_with("_total")) << each.name;
    EXPECT_TRUE(names.insert(each.name).second) << each.name;
  }
  EXPECT_EQ(static_cast<std::size_t>(Metric::kBuild) + 1, kMetrics.size());
  EXPECT_EQ(info(Metric::kReceiveToAck).name, "millrace_receive_to_ack_seconds");
  EXPECT_EQ(info(Metric::kLaneLost).name, "millrace_produce_errors_total");
}

TEST(Metrics, PageInTheRepositoryIsThatOfTheTable) {
  std::ifstream file(MILLRACE_SOURCE_DIR "/publish/metrics.md");
  const std::string committed{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(committed, metrics_page()) << "write this page to publish/metrics.md";
}

}  // namespace
}  // namespace millrace::publish

#pragma once

#include <string_view>

#include "publish/lane/lane.h"
#include "publish/metrics.h"

namespace millrace::publish {

// Puts what a lane counts into a scrape; `lane` is the label ("market").
void add_lane_metrics(const LaneStats& stats, std::string_view lane, MetricWriter& out);
// The same of its journal, if it writes one.
void add_journal_metrics(const Lane& lane, std::string_view name, MetricWriter& out);

}  // namespace millrace::publish

#pragma once

#include <string_view>

#include "publish/lane/lane_stats.h"
#include "publish/metrics.h"

namespace millrace::publish {

// Puts what a lane counts into a scrape; `lane` is the label ("market").
void add_lane_metrics(const LaneStats& stats, std::string_view lane, MetricWriter& out);

}  // namespace millrace::publish

#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "ingest/worker/ingest_thread.h"
#include "publish/metrics.h"

namespace millrace::ingest {

// Puts what one ingest thread counts into a scrape. Called on the metrics' thread while the ingest thread runs; reads
// only what any thread may read.
void add_thread_metrics(const IngestThread& thread, publish::MetricWriter& out);

}  // namespace millrace::ingest

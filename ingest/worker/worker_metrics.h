#pragma once

#include <string>

#include "ingest/account/account_thread.h"
#include "ingest/record/capture_writer.h"
#include "ingest/worker/group_link.h"
#include "ingest/worker/ingest_thread.h"
#include "publish/http/http_server.h"
#include "publish/metrics.h"

namespace millrace::ingest {

// Puts what one ingest thread counts into a scrape. Called on the metrics' thread while the ingest thread runs; reads
// only what any thread may read.
void add_thread_metrics(const IngestThread& thread, publish::MetricWriter& out);

// The same for the account thread.
void add_account_metrics(const AccountThread& thread, publish::MetricWriter& out);

// What the recording of a venue had to leave out, in lines: its queue was full, or the disk would not have them.
void add_recorder_metrics(const std::string& venue, const CaptureWriter::Stats& stats, publish::MetricWriter& out);

// The worker's place in its group.
void add_group_metrics(const GroupStats& stats, publish::MetricWriter& out);

// What the endpoint answered, and the version.
void add_process_metrics(const publish::HttpServer& http, publish::MetricWriter& out);

}  // namespace millrace::ingest

#pragma once

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "ingest/rest/rest_client.h"
#include "ingest/worker/thread_setup.h"

namespace millrace::ingest {

// One ingest thread: an io_context, a lane with its producer, and the feeds of its instruments. Reads, parses, applies,
// encodes and hands over on this one thread; shares nothing with the others but the budgets of VenueShared. Made, asked
// and joined by the worker's thread.
class IngestThread {
 public:
  explicit IngestThread(ThreadSetup setup);
  ~IngestThread();  // stop() and wait()
  IngestThread(const IngestThread&) = delete;
  IngestThread& operator=(const IngestThread&) = delete;

  // Warms the lane; then the feeds run. What it returns, once, is one line per topic that cannot be written (empty: the
  // thread runs); otherwise the thread has ended. Blocks for up to the warming's 30 s.
  std::vector<std::string> start();

  // Posted: takes effect after it returns. The future is ready when of all streams that are no longer wanted every
  // record is acknowledged, or the thread has ended.
  std::future<void> change(ThreadChange change);

  // Of a group: what is ours may be another worker's by now. Until the next change() with a claim records go out as
  // before, but states do not. Posted.
  void doubt();

  // Last refresh, close connections, wait for the broker, each for at most shutdown_ms; wait() then has the number of
  // records not acknowledged. stop() returns at once; more than one does no harm.
  void stop();
  std::size_t wait();

  // For metrics, valid from start() to the end: counters behind them are readable from any thread.
  const std::vector<std::unique_ptr<VenueFeed>>& feeds() const noexcept;
  const std::vector<std::unique_ptr<RestClient>>& rest_clients() const noexcept;  // one per feed
  const publish::Lane& lane() const noexcept;                                     // its stats
  int number() const noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace::ingest

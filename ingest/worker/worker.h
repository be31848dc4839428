#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ingest/config/config.h"

namespace millrace::ingest {

// Puts a configuration to work: claims the right to write, starts the ingest threads and the metrics endpoint, and ends
// them in order. Used by one thread, that of `millrace ingest`.
class Worker {
 public:
  // `config` has passed load(). `record_dir` replaces the configured one unless it is empty. `taken_over` is called
  // once and on another thread if another process takes this worker's name, which only a group notices; then stop().
  Worker(Config config, const std::string& record_dir, std::function<void()> taken_over);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Blocks until the claim is acknowledged, every topic is known and the threads run. What it returns is one line per
  // reason why that failed, empty = READY. After a failure only destruction makes sense.
  std::vector<std::string> start();

  // "127.0.0.1:9464", with the port that was taken.
  std::string metrics_address() const;
  std::int64_t epoch() const noexcept;

  // Symbols and datasets of `config` from now on, and the accounts' keys, which are read again: accounts that a refused
  // key had halted go on. What cannot change while running is named in what it returns and left as it is; the rest
  // takes effect. `config` has passed load().
  std::vector<std::string> reload(const Config& config);

  // Last refresh, connections closed, records acknowledged: at most shutdown_ms twice. How many were not acknowledged.
  // A second call returns 0.
  std::size_t stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace::ingest

#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "publish/kafka/settings.h"
#include "publish/sequence/host_stop.h"

namespace millrace::ingest {

// Hears which REST hosts want quiet, as other processes of the venues were told (publish/sequence/host_stop), by the
// end of their status topics. Blocks on the broker, so it has a thread of its own. A broker that is away is asked
// again; until then this process obeys what it was told itself.
class StopLink {
 public:
  using Heard = std::function<void(const publish::HostStop&)>;

  // `heard` is called on the link's thread, for each record of a stop that is not over. `venues`: whose topics exist.
  StopLink(publish::KafkaSettings kafka, std::vector<std::string> venues, Heard heard);
  ~StopLink();  // after it `heard` is not called any more; waits for the broker for a second at most
  StopLink(const StopLink&) = delete;
  StopLink& operator=(const StopLink&) = delete;

  // Waits until all that there was at the start was heard. False: not in that time, or the broker does not answer.
  bool wait(std::chrono::milliseconds timeout);

 private:
  void run();
  void follow();
  void first_try_ends(bool all_heard);

  const publish::KafkaSettings kafka_;
  const std::vector<std::string> venues_;
  const Heard heard_;
  std::atomic<bool> stopping_{false};
  std::promise<bool> first_try_;  // its result, once
  std::future<bool> all_heard_ = first_try_.get_future();
  bool tried_ = false;
  std::thread thread_;
};

}  // namespace millrace::ingest

#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "publish/journal/journal.h"

namespace millrace::publish {

// The journal's thread for what takes the disk long: syncing, compressing closed segments, removing what is too much.
class Journal::Keeper {
 public:
  Keeper(const JournalSettings& settings, JournalStats& stats);
  ~Keeper();  // ends after what it is at
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  // Soon: the bytes written so far are on the disk. False: so much waits already that the caller has to do it.
  bool sync(std::shared_ptr<File> file);
  // A segment was begun or closed.
  void look_after();

 private:
  void run();
  void pack_one();
  bool pack(const SegmentName& name);
  void remove_what_is_too_much();

  const JournalSettings& settings_;
  JournalStats& stats_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::shared_ptr<File>> to_sync_;
  bool look_ = true;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace millrace::publish

#pragma once

#include <string>

#include "replay/history/sha256.h"
#include "replay/history/stream.h"

namespace millrace::history {

// The SHA-256 of what `--format proto` would write of these records if none of them had a publish time: the same for
// the same events, wherever they were read.
class Digest {
 public:
  void add(const Record& record);
  std::string hex();

 private:
  Sha256 hash_;
  std::string pending_;  // handed to the hash in blocks
  std::string record_;
};

}  // namespace millrace::history

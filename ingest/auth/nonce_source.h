#pragma once

#include <cstdint>
#include <string>

#include "ingest/auth/auth_error.h"
#include "ingest/auth/owned_file.h"

namespace millrace::ingest {

// Nonces for one API key: strictly rising over calls, restarts, crashes and steps of the clock, and between any number
// of sources (also in other processes) on one file, in the order in which next() returned.
//
// The file holds two numbers: what is reserved, 60 s ahead and fsynced before use, and the last nonce handed out, which
// is written each time but left to the kernel. A running source goes on above the last; a starting one cannot know
// whether the machine went down in between, and goes on above what was reserved. All of it happens under flock(2), so a
// call may wait for another process's fsync: not for a thread that serves sockets.
//
// Nonces are nanoseconds since 1970, the finest that is in use: a key that served another program with a clock in
// milli- or microseconds goes on to work. One thread.
class NonceSource {
 public:
  // Opens or creates `path`, mode 0600, and reserves. `now_ns`: nanoseconds since 1970.
  // Errors: kUnreadable, kNonceDamaged, kBadArgument.
  static AuthResult<NonceSource> open(std::string path, std::int64_t now_ns);

  // Above every nonce before, and not below `now_ns`. Errors: kUnreadable, kNonceDamaged, kNonceReplaced, kBadArgument;
  // none was handed out then.
  AuthResult<std::uint64_t> next(std::int64_t now_ns);

 private:
  NonceSource(std::string path, OwnedFile file) : path_(std::move(path)), file_(std::move(file)) {}

  std::string path_;
  OwnedFile file_;
};

}  // namespace millrace::ingest

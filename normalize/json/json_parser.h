#pragma once

#include <memory>

namespace millrace::normalize {

// One simdjson parser with its buffers, reused for every frame of a connection. The library itself is seen only by the
// sources that include normalize/json/ondemand.h, which keeps it out of everybody's headers. Not thread-safe; one
// document at a time.
class JsonParser {
 public:
  JsonParser();
  ~JsonParser();
  JsonParser(JsonParser&&) noexcept;
  JsonParser& operator=(JsonParser&&) noexcept;

  // For ondemand.h only; its document is valid until the next one is opened or the parser moves.
  struct Impl;
  Impl& impl() noexcept { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace::normalize

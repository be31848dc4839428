#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::bench {

// What a pipeline has put out.
struct Output {
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
};

// The product's own path from bytes to encoded records, without socket and Kafka: venue, books, numbering, encoding,
// with full Meta (live clock, epoch) into one reused buffer.
class Pipeline {
 public:
  explicit Pipeline(std::string_view venue);
  ~Pipeline();

  void reference(std::string_view target, std::string_view body);
  void rest(std::string_view target, std::string_view body);
  // Frames in order; those that fail are counted, none may.
  void run(std::span<const std::string_view> messages);

  Output output() const;
  std::uint64_t failures() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace::bench

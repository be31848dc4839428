#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace millrace::test {

// A record as a consumer sees it.
struct ReadRecord {
  std::string key;
  std::string value;
  std::string header;  // of name "mr"; empty if there is none
  std::int32_t partition = 0;
  std::int64_t offset = 0;
};

// All records of a topic's partition from the beginning, up to its end as it is now. Fails the test if the broker does
// not answer within 20 s.
std::vector<ReadRecord> read_partition(const std::string& brokers, const std::string& topic, std::int32_t partition);

}  // namespace millrace::test

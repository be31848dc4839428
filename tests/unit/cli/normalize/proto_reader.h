#pragma once

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/util/delimited_message_util.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "millrace/v1/record.pb.h"

namespace millrace::cli::test {

// Reads the output of `normalize --proto` with nothing but generated code.
inline std::vector<millrace::v1::Record> read_records(const std::string& bytes) {
  google::protobuf::io::ArrayInputStream stream{bytes.data(), static_cast<int>(bytes.size())};
  std::vector<millrace::v1::Record> records;
  for (bool at_end = false;;) {
    millrace::v1::Record record;
    if (!google::protobuf::util::ParseDelimitedFromZeroCopyStream(&record, &stream, &at_end)) {
      EXPECT_TRUE(at_end) << "a broken record behind " << records.size();
      return records;
    }
    records.push_back(std::move(record));
  }
}

}  // namespace millrace::cli::test

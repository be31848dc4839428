#include "cli/normalize/record_files.h"

#include <gtest/gtest.h>

#include <cstring>
#include <iterator>
#include <vector>

#include "tests/unit/cli/normalize/proto_reader.h"

namespace millrace::cli::test {
namespace {

// In the order of MessageType.
constexpr const char* kKinds[] = {"book",          "bbo",      "trade",      "ticker",      "candle", "instrument",
                                  "stream_status", "gap",      "quarantine", "heartbeat",   "claim",  "execution",
                                  "balance",       "recovery", "cursor",     "subscription"};

// Exactly that field, and the dataset, as generated code reads them.
void expect_only(const millrace::v1::Record& record, const std::string& kind, const std::string& dataset) {
  std::vector<const google::protobuf::FieldDescriptor*> set;
  record.GetReflection()->ListFields(record, &set);
  std::erase_if(set, [](const auto* field) { return field->name() == "dataset"; });
  ASSERT_EQ(set.size(), 1u) << kind;
  EXPECT_EQ(set.front()->name(), kind);
  EXPECT_EQ(record.dataset(), dataset);
}

TEST(ProtoStream, EachKindIsInItsFieldOfTheRecord) {
  ASSERT_EQ(std::size(kKinds), std::variant_size_v<schemas::AnyDecoded>);
  std::string bytes;
  ProtoStream file{{}, [&](std::string_view more) { bytes += more; }};
  // A Meta with an epoch, or a text of two characters where field 1 is one.
  const std::string body = "\x0A\x02\x28\x07";
  for (std::size_t type = 0; type < std::size(kKinds); ++type) {
    file.put("topic", "key", body, static_cast<schemas::MessageType>(type));
    const auto stream = file.open({nullptr, "bbo-book", static_cast<schemas::MessageType>(type)});
    const auto room = file.reserve(stream, body.size());
    std::memcpy(room.data(), body.data(), body.size());
    file.commit(stream, body.size(), 1);
  }
  const auto records = read_records(bytes);
  ASSERT_EQ(records.size(), 2 * std::size(kKinds));
  for (std::size_t type = 0; type < std::size(kKinds); ++type) {
    expect_only(records[2 * type], kKinds[type], "");
    expect_only(records[2 * type + 1], kKinds[type], "bbo-book");
  }
}

}  // namespace
}  // namespace millrace::cli::test

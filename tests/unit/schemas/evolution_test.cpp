// The committed descriptor set against the .proto files of the tree. See schemas/proto/README.md.

#include "tests/unit/schemas/evolution.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>

#include <cctype>
#include <cstdlib>
#include <fstream>

namespace millrace::schemas {
namespace {

using google::protobuf::DescriptorProto;
using google::protobuf::FieldDescriptorProto;
using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;
using testing::breaking_changes;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kCommitted = MILLRACE_SOURCE_DIR "/schemas/proto/millrace.v1.desc";

FileDescriptorSet read_set(const char* path) {
  FileDescriptorSet out;
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in && out.ParseFromIstream(&in)) << path;
  return out;
}

FileDescriptorSet tree() { return read_set(MILLRACE_TREE_DESCRIPTOR); }

FileDescriptorProto& file(FileDescriptorSet& set, const std::string& name) {
  for (auto& one : *set.mutable_file()) {
    if (one.name() == "millrace/v1/" + name) return one;
  }
  throw std::logic_error(name);
}

FieldDescriptorProto& field(DescriptorProto& message, const std::string& name) {
  for (auto& one : *message.mutable_field()) {
    if (one.name() == name) return one;
  }
  throw std::logic_error(name);
}

TEST(Evolution, TreeKeepsWhatWasPublished) {
  EXPECT_THAT(breaking_changes(read_set(kCommitted), tree()), IsEmpty())
      << "a breaking change is a new vN topic and a new message";
}

// An addition must be committed too, so that it cannot be taken away again: MILLRACE_GOLDEN=add writes it.
TEST(Evolution, CommittedSetIsComplete) {
  const auto broken = breaking_changes(read_set(kCommitted), tree());
  const char* wanted = std::getenv("MILLRACE_GOLDEN");
  if (wanted != nullptr && std::string_view(wanted) == "add" && broken.empty()) {
    std::ofstream out(kCommitted, std::ios::binary);
    ASSERT_TRUE(tree().SerializeToOstream(&out));
  }
  EXPECT_THAT(breaking_changes(tree(), read_set(kCommitted)), IsEmpty()) << "run with MILLRACE_GOLDEN=add";
}

TEST(Evolution, AdditionsAreFine) {
  auto now = tree();
  auto& book = file(now, "book.proto");
  auto& added = *book.mutable_message_type(0)->add_field();
  added.set_name("venue_depth");
  added.set_number(900);
  added.set_type(FieldDescriptorProto::TYPE_INT32);
  auto& value = *book.mutable_enum_type(0)->add_value();
  value.set_name("BOOK_KIND_LEVEL3");
  value.set_number(3);
  EXPECT_THAT(breaking_changes(tree(), now), IsEmpty());
}

TEST(Evolution, ARenamedFieldIsRefused) {
  auto now = tree();
  field(*file(now, "book.proto").mutable_message_type(0), "venue_checksum").set_name("checksum");
  EXPECT_THAT(breaking_changes(tree(), now),
              ElementsAre("millrace/v1/book.proto: Book.venue_checksum: renamed to checksum"));
}

TEST(Evolution, ARenumberedFieldIsRefused) {
  auto now = tree();
  field(*file(now, "trade.proto").mutable_message_type(0), "order_type").set_number(11);
  EXPECT_THAT(breaking_changes(tree(), now),
              ElementsAre("millrace/v1/trade.proto: Trade.order_type: renumbered to 11"));
}

TEST(Evolution, SwappedNumbersAreRefused) {
  auto now = tree();
  auto& bbo = *file(now, "bbo.proto").mutable_message_type(0);
  field(bbo, "bid_price").set_number(6);
  field(bbo, "ask_price").set_number(4);
  EXPECT_EQ(breaking_changes(tree(), now).size(), 2u);
}

TEST(Evolution, ARetypedFieldIsRefused) {
  auto now = tree();
  field(*file(now, "trade.proto").mutable_message_type(0), "price").set_type(FieldDescriptorProto::TYPE_INT64);
  EXPECT_THAT(breaking_changes(tree(), now), ElementsAre("millrace/v1/trade.proto: Trade.price: retyped"));
}

TEST(Evolution, AnotherMessageTypeOfAFieldIsRefused) {
  auto now = tree();
  field(*file(now, "gap.proto").mutable_message_type(0), "mark").set_type_name(".millrace.v1.Meta");
  EXPECT_THAT(breaking_changes(tree(), now), ElementsAre("millrace/v1/gap.proto: Gap.mark: retyped"));
}

TEST(Evolution, LostPresenceAndLostRepetitionAreRefused) {
  auto now = tree();
  auto& meta_file = file(now, "common.proto");
  for (auto& message : *meta_file.mutable_message_type()) {
    if (message.name() != "Meta") continue;
    field(message, "venue_seq").clear_proto3_optional();
    field(message, "gap").set_label(FieldDescriptorProto::LABEL_OPTIONAL);
  }
  EXPECT_THAT(breaking_changes(tree(), now), ElementsAre("millrace/v1/common.proto: Meta.venue_seq: retyped",
                                                         "millrace/v1/common.proto: Meta.gap: retyped"));
}

TEST(Evolution, ARemovedFieldIsRefused) {
  auto now = tree();
  auto& fields = *file(now, "claim.proto").mutable_message_type(0)->mutable_field();
  fields.DeleteSubrange(0, 1);
  EXPECT_THAT(breaking_changes(tree(), now), ElementsAre("millrace/v1/claim.proto: Claim.worker: removed"));
}

TEST(Evolution, ARemovedMessageOrFileIsRefused) {
  auto now = tree();
  file(now, "heartbeat.proto").mutable_message_type()->DeleteSubrange(0, 1);
  EXPECT_THAT(breaking_changes(tree(), now), ElementsAre("millrace/v1/heartbeat.proto: Heartbeat: removed"));
  now.mutable_file()->Clear();
  EXPECT_THAT(breaking_changes(tree(), now), Contains(HasSubstr("book.proto: removed")));
}

TEST(Evolution, RemovedRenamedAndRenumberedEnumValuesAreRefused) {
  auto now = tree();
  auto& kind = *file(now, "book.proto").mutable_enum_type(0);
  kind.mutable_value(1)->set_name("BOOK_KIND_FULL");
  kind.mutable_value()->RemoveLast();
  EXPECT_THAT(breaking_changes(tree(), now),
              ElementsAre("millrace/v1/book.proto: BookKind.BOOK_KIND_SNAPSHOT: renamed to BOOK_KIND_FULL",
                          "millrace/v1/book.proto: BookKind.BOOK_KIND_DELTA: removed"));
  now = tree();
  file(now, "book.proto").mutable_enum_type(0)->mutable_value(2)->set_number(7);
  EXPECT_THAT(breaking_changes(tree(), now),
              ElementsAre("millrace/v1/book.proto: BookKind.BOOK_KIND_DELTA: renumbered to 7"));
}

TEST(Evolution, ARemovedEnumOrAnotherPackageIsRefused) {
  auto now = tree();
  file(now, "instrument.proto").mutable_enum_type()->DeleteSubrange(0, 1);
  file(now, "claim.proto").set_package("millrace.v2");
  EXPECT_THAT(breaking_changes(tree(), now),
              ::testing::UnorderedElementsAre("millrace/v1/instrument.proto: InstrumentKind: removed",
                                              "millrace/v1/claim.proto: package is another"));
}

// Rules that sinks impose, for every message there is and every one to come.
TEST(SchemaRules, NoMessageHasWhatSinksCannotTake) {
  const auto set = tree();
  for (const auto& one : set.file()) {
    for (const auto& type : one.enum_type()) {
      EXPECT_THAT(type.value(0).name(), ::testing::EndsWith("_UNSPECIFIED"));
      EXPECT_EQ(type.value(0).number(), 0);
    }
    for (const auto& message : one.message_type()) {
      for (const auto& member : message.field()) {
        const std::string where = message.name() + "." + member.name();
        EXPECT_NE(member.type(), FieldDescriptorProto::TYPE_UINT64) << where;
        EXPECT_NE(member.type(), FieldDescriptorProto::TYPE_FIXED64) << where;
        EXPECT_NE(member.type(), FieldDescriptorProto::TYPE_DOUBLE) << where;
        EXPECT_NE(member.type(), FieldDescriptorProto::TYPE_FLOAT) << where;
        // A oneof that is not the one protoc makes for `optional`.
        EXPECT_TRUE(!member.has_oneof_index() || member.proto3_optional()) << where;
      }
    }
  }
}

// The Confluent message index of what a topic carries is then the constant 00.
TEST(SchemaRules, TheMessageOfATopicIsTheFirstOfItsFile) {
  const auto set = tree();
  for (const auto& one : set.file()) {
    if (one.name() == "millrace/v1/common.proto") continue;
    std::string name;
    for (const char c : one.message_type(0).name()) {
      if (c >= 'A' && c <= 'Z' && !name.empty()) name += '_';
      name += static_cast<char>(std::tolower(c));
    }
    EXPECT_EQ("millrace/v1/" + name + ".proto", one.name());
  }
}

TEST(SchemaRules, EventsBeginWithMeta) {
  const auto set = tree();
  for (const auto& one : set.file()) {
    for (const auto& message : one.message_type()) {
      for (const auto& member : message.field()) {
        EXPECT_TRUE(member.type_name() != ".millrace.v1.Meta" || member.number() == 1) << message.name();
      }
    }
  }
}

}  // namespace
}  // namespace millrace::schemas

#include "schemas/codec/meta_view.h"

#include <gmock/gmock.h>

#include <variant>

#include "schemas/codec/encode.h"
#include "tests/unit/schemas/samples.h"

namespace millrace::schemas {
namespace {

using testing::Dice;
using testing::encoded;
using testing::kTypes;
using testing::sample;
using testing::TypeName;

// The record's Meta; null where it has none.
const Meta* meta_of(const AnyDecoded& record) {
  return std::visit(
      []<class T>(const T& one) -> const Meta* {
        if constexpr (requires { one.meta; }) {
          return &one.meta;
        } else {
          return nullptr;
        }
      },
      record);
}

// The same record with a changed Meta, through the encoder.
template <class Change>
std::string encoded_with(AnyDecoded record, Change&& change) {
  std::visit(
      [&]<class T>(T& one) {
        if constexpr (requires { one.meta; }) change(one.meta);
      },
      record);
  return encoded(record);
}

class MetaViews : public ::testing::TestWithParam<TypeName> {
 protected:
  // A full record, an empty one and many random ones.
  template <class Check>
  void for_each_sample(Check&& check) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
      const auto mode = seed == 1 ? Dice::Mode::kFull : seed == 2 ? Dice::Mode::kEmpty : Dice::Mode::kRandom;
      Dice dice(mode, seed);
      const AnyDecoded record = sample(GetParam().type, dice, 5);
      if (meta_of(record) != nullptr) check(record);
    }
  }
};

TEST_P(MetaViews, SayWhatTheDecoderSays) {
  for_each_sample([](const AnyDecoded& record) {
    const Meta& meta = *meta_of(record);
    const std::string bytes = encoded(record);
    const auto view = view_meta(bytes);
    ASSERT_TRUE(view);
    EXPECT_EQ(view->venue, meta.stream->venue);
    EXPECT_EQ(view->symbol, meta.stream->symbol);
    EXPECT_EQ(view->instrument, meta.stream->instrument);
    EXPECT_EQ(view->account, meta.stream->account);
    EXPECT_EQ(view->epoch, meta.epoch);
    EXPECT_EQ(view->seq, meta.seq);
    EXPECT_EQ(view->receive_time, meta.receive_time);
    EXPECT_EQ(view->origin, meta.origin);
    EXPECT_EQ(view->flags, meta.flags);
    EXPECT_EQ(view->publish_time_at != 0, meta.publish_time.has_value());
  });
}

TEST_P(MetaViews, TakeThePublishTimeOut) {
  for_each_sample([](const AnyDecoded& record) {
    const std::string bytes = encoded(record);
    std::string out = "before";
    append_unpublished(bytes, place_of(*view_meta(bytes)), out);
    EXPECT_EQ(out, "before" + encoded_with(record, [](Meta& meta) { meta.publish_time.reset(); }));
  });
}

TEST_P(MetaViews, PutAnotherOriginAndPublishTimeIn) {
  for_each_sample([](const AnyDecoded& record) {
    std::string out = "before";
    append_with_origin(encoded(record), Origin::kHistory, 1'700'000'000'123'456'789, out);
    EXPECT_EQ(out, "before" + encoded_with(record, [](Meta& meta) {
                     meta.origin = Origin::kHistory;
                     meta.publish_time = 1'700'000'000'123'456'789;
                   }));
  });
}

INSTANTIATE_TEST_SUITE_P(AllTypes, MetaViews, ::testing::ValuesIn(kTypes),
                         [](const auto& one) { return std::string{one.param.name}; });

TEST(MetaView, ARecordThatIsCutShortIsNone) {
  Dice dice(Dice::Mode::kFull);
  const std::string bytes = encoded(sample(MessageType::kTrade, dice));
  // Behind a whole field the rest of a record cannot be missed; inside of one it can.
  std::size_t refused = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size) refused += !view_meta(bytes.substr(0, size));
  const std::size_t meta_end = view_meta(bytes)->meta_end;
  EXPECT_GE(refused, meta_end);
  EXPECT_FALSE(view_meta(bytes.substr(0, bytes.size() - 1)));
}

TEST(MetaView, WhatHasNoMetaOrIsNoRecordIsRefused) {
  EXPECT_FALSE(view_meta(""));
  EXPECT_FALSE(view_meta("not a record"));
  EXPECT_FALSE(view_meta(std::string_view{"\x0a\x05\x28", 3}));                        // a length beyond the end
  EXPECT_FALSE(view_meta(std::string_view{"\x10\x01", 2}));                            // another field first
  EXPECT_FALSE(view_meta(std::string(12, '\xff')));                                    // a varint without an end
  EXPECT_FALSE(view_meta(std::string_view{"\x0a\x02\x5b\x01", 4}));                    // a group
  EXPECT_FALSE(view_meta(std::string_view{"\x0a\x03\x51\x01\x02", 5}));                // half a time
  EXPECT_EQ(view_meta(std::string_view{"\x0a\x02\x58\x01", 4})->publish_time_at, 0u);  // a publish time of another type
}

}  // namespace
}  // namespace millrace::schemas

#include "normalize/json/json_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "normalize/account/decimal_math.h"
#include "normalize/venue_adapter.h"

namespace millrace::normalize {
namespace {

using Type = JsonNode::Type;
using testing::ElementsAre;

Result<JsonNode> parse(std::string_view text) {
  JsonParser parser;
  const std::string padded = std::string(text) + std::string(kFramePadding, '\0');
  return parse_json(parser, std::string_view(padded).substr(0, text.size()));
}

Errc error_of(std::string_view text) {
  const auto made = parse(text);
  EXPECT_FALSE(made) << text.substr(0, 80);
  return made ? Errc{} : made.error().code;
}

TEST(JsonTree, KeepsNumbersAsTheirText) {
  const auto tree = parse(R"({"a":1.50,"b":-0,"c":1e-05,"d":1234567890.1234567890123450,"e":"1.50","f":[10 , 11]})");
  ASSERT_TRUE(tree);
  EXPECT_EQ(tree->find("a")->text, "1.50");
  EXPECT_EQ(tree->find("b")->text, "-0");
  EXPECT_EQ(tree->find("c")->text, "1e-05");
  EXPECT_EQ(tree->find("d")->text, "1234567890.1234567890123450");
  EXPECT_EQ(tree->find("d")->type, Type::kNumber);
  EXPECT_EQ(tree->find("e")->type, Type::kString);
  EXPECT_EQ(tree->find("f")->children.at(0).text, "10");
}

TEST(JsonTree, EveryKindOfValueInOrder) {
  const auto tree = parse(R"({"n":null,"t":true,"f":false,"s":"a\"b\u00e9","a":[],"o":{"x":{}},"n":7})");
  ASSERT_TRUE(tree);
  std::vector<Type> types;
  for (const JsonNode& child : tree->children) types.push_back(child.type);
  EXPECT_THAT(types, ElementsAre(Type::kNull, Type::kBoolean, Type::kBoolean, Type::kString, Type::kArray,
                                 Type::kObject, Type::kNumber));
  EXPECT_EQ(tree->find("s")->text, "a\"b\xc3\xa9");
  EXPECT_EQ(tree->find("n")->type, Type::kNull) << "the first of two";
  EXPECT_EQ(tree->find("x"), nullptr) << "not of a member's member";
  EXPECT_EQ(tree->find("s")->find("x"), nullptr) << "a string has no members";
}

TEST(JsonTree, WhatIsNoJsonIsAnError) {
  for (const char* text : {"",
                           " ",
                           "{",
                           "[1,2",
                           "{\"a\":1",
                           "{\"a\":1}}",
                           "[1][2]",
                           "{} x",
                           "[1,]",
                           "{\"a\":1.}",
                           "{\"a\":.5}",
                           "{\"a\":+1}",
                           "{\"a\":1e}",
                           "{\"a\":0x10}",
                           "{\"a\":NaN}",
                           "{\"a\":truex}",
                           "{\"a\":nul}",
                           "{\"a\":\"\\q\"}",
                           "{\"a\":\"x",
                           "{a:1}",
                           "{\"a\" 1}",
                           "<html><body>503</body></html>",
                           "7",
                           "\"text\"",
                           "null",
                           "[\"\xff\"]"}) {
    EXPECT_FALSE(parse(text)) << text;
  }
  EXPECT_EQ(error_of("{} x"), Errc::kBadJson);
  EXPECT_EQ(error_of("[1,2"), Errc::kBadJson);
}

TEST(JsonTree, WhitespaceBehindIsNoText) { EXPECT_TRUE(parse(" { \"a\" : [ 1 ] } \r\n\t")); }

TEST(JsonTree, DepthIsBounded) {
  const auto nested = [](int depth) {
    const auto size = static_cast<std::size_t>(depth);
    return std::string(size, '[') + std::string(size, ']');
  };
  EXPECT_TRUE(parse(nested(kMaxJsonDepth)));
  EXPECT_EQ(error_of(nested(kMaxJsonDepth + 1)), Errc::kTooLarge);
  EXPECT_FALSE(parse(nested(100'000)));
  EXPECT_FALSE(parse(std::string(100'000, '[')));
}

TEST(JsonTree, SizeIsBounded) {
  std::string many = "[";
  for (std::size_t i = 0; i + 1 < kMaxJsonNodes; ++i) many += "1,";
  many.back() = ']';
  EXPECT_TRUE(parse(many)) << "the array and its elements";
  many.back() = ',';
  EXPECT_EQ(error_of(many + "1]"), Errc::kTooLarge);
}

TEST(JsonTree, ALongTextIsKeptWhole) {
  const std::string text(1'000'000, 'x');
  const auto tree = parse("{\"a\":\"" + text + "\"}");
  ASSERT_TRUE(tree);
  EXPECT_EQ(tree->find("a")->text, text);
}

struct Row {
  explicit Row(std::string_view text) : node(parse(text).value()), reader(node, "data[0]") {}
  JsonNode node;
  ObjectReader reader;
};

TEST(ObjectReader, ReadsQuotedAndBareNumbers) {
  Row row(R"({"a":"1.50","b":2,"c":"","d":null,"i":"17","t":1700000000123,"q":"1700000000123","y":"true","z":false})");
  EXPECT_EQ(plain_text(row.reader.need_number("a").value()), "1.5");
  EXPECT_EQ(plain_text(row.reader.number("b").value()), "2");
  EXPECT_EQ(row.reader.number("c"), std::nullopt);
  EXPECT_EQ(row.reader.number("d"), std::nullopt);
  EXPECT_EQ(row.reader.number("nowhere"), std::nullopt);
  EXPECT_EQ(row.reader.text("b"), "2");
  EXPECT_EQ(row.reader.need_integer("i"), 17);
  EXPECT_EQ(row.reader.millis("t"), 1'700'000'000'123'000'000);
  EXPECT_EQ(row.reader.millis("q"), 1'700'000'000'123'000'000);
  EXPECT_EQ(row.reader.boolean("y"), true);
  EXPECT_EQ(row.reader.boolean("z"), false);
  EXPECT_EQ(row.reader.boolean("d"), std::nullopt);
  EXPECT_EQ(row.reader.error(), std::nullopt);
}

TEST(ObjectReader, KeepsTheFirstErrorWithItsPlace) {
  Row row(R"({"a":[1],"b":"x","c":"y"})");
  EXPECT_EQ(row.reader.text("a"), "");
  EXPECT_EQ(row.reader.number("b"), std::nullopt);
  EXPECT_EQ(row.reader.error(), (Error{Errc::kWrongType, "data[0].a"}));
}

TEST(ObjectReader, EachWayToFail) {
  using Read = void (*)(ObjectReader&);
  const std::pair<Read, Error> cases[] = {
      {[](ObjectReader& r) { r.need_text("none"); }, {Errc::kMissingField, "data[0].none"}},
      {[](ObjectReader& r) { r.need_text("null"); }, {Errc::kMissingField, "data[0].null"}},
      {[](ObjectReader& r) { r.need_number("none"); }, {Errc::kMissingField, "data[0].none"}},
      {[](ObjectReader& r) { r.need_number("word"); }, {Errc::kBadNumber, "data[0].word"}},
      {[](ObjectReader& r) { r.number("list"); }, {Errc::kWrongType, "data[0].list"}},
      {[](ObjectReader& r) { r.need_integer("none"); }, {Errc::kMissingField, "data[0].none"}},
      {[](ObjectReader& r) { r.integer("half"); }, {Errc::kBadNumber, "data[0].half"}},
      {[](ObjectReader& r) { r.integer("huge"); }, {Errc::kBadNumber, "data[0].huge"}},
      {[](ObjectReader& r) { r.integer("list"); }, {Errc::kWrongType, "data[0].list"}},
      {[](ObjectReader& r) { r.boolean("half"); }, {Errc::kWrongType, "data[0].half"}},
      {[](ObjectReader& r) { r.array("word"); }, {Errc::kWrongType, "data[0].word"}},
      {[](ObjectReader& r) { r.object("list"); }, {Errc::kWrongType, "data[0].list"}},
  };
  for (const auto& [read, error] : cases) {
    Row row(R"({"null":null,"word":"x","list":[1],"half":0.5,"huge":9223372036854775808})");
    read(row.reader);
    EXPECT_EQ(row.reader.error(), error) << error.where;
  }
}

TEST(ObjectReader, ABadTimeIsNotWorthAnEvent) {
  for (const char* text : {R"({"t":"yesterday"})", R"({"t":17})", R"({"t":[]})"}) {
    Row row(text);
    EXPECT_EQ(row.reader.rfc3339("t"), std::nullopt) << text;
    EXPECT_TRUE(row.reader.bad_time());
    EXPECT_EQ(row.reader.error(), std::nullopt);
  }
  for (const char* text : {R"({"t":-1})", R"({"t":9223372036855})", R"({"t":"soon"})", R"({"t":1.5})"}) {
    Row row(text);
    EXPECT_EQ(row.reader.millis("t"), std::nullopt) << text;
    EXPECT_TRUE(row.reader.bad_time());
  }
  Row row(R"({"t":"2023-11-14T22:13:20.000000001Z"})");
  EXPECT_EQ(row.reader.rfc3339("t"), 1'700'000'000'000'000'001);
  EXPECT_EQ(row.reader.rfc3339("none"), std::nullopt);
  EXPECT_FALSE(row.reader.bad_time());
}

TEST(ObjectReader, WhatIsNoObjectIsAnErrorAtOnce) {
  const JsonNode list = parse("[1]").value();
  EXPECT_EQ(ObjectReader(list, "data").error(), (Error{Errc::kWrongType, "data"}));
}

}  // namespace
}  // namespace millrace::normalize

#include "tests/sim/proxy/link_fault.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::sim {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

LinkFault order(const std::string& json) {
  const auto parsed = parse_link_fault(json);
  const auto* error = std::get_if<std::string>(&parsed);
  EXPECT_EQ(error, nullptr) << *error;
  return error == nullptr ? std::get<LinkFault>(parsed) : LinkFault{};
}

std::string sent(const LinkOutcome& outcome) {
  std::string all;
  for (const auto& piece : outcome.pieces) all += piece.bytes;
  return all;
}

// What one chunk becomes under one order.
std::string sent_under(const std::string& json, const std::string& chunk = "abcdef") {
  LinkFaults faults(1);
  faults.add(order(json));
  return sent(faults.pass(LinkDirection::kUp, 0, chunk));
}

TEST(LinkFaults, WithoutAnOrderBytesPassAsTheyAre) {
  LinkFaults faults(1);
  const auto outcome = faults.pass(LinkDirection::kDown, 0, "abc");
  EXPECT_EQ(sent(outcome), "abc");
  EXPECT_EQ(outcome.end, LinkOutcome::End::kNone);
  EXPECT_EQ(faults.counts(), "{}");
}

TEST(LinkFaults, EachKindDoesToTheBytesWhatItsNameSays) {
  EXPECT_EQ(sent_under(R"({"kind":"drop"})"), "");
  EXPECT_EQ(sent_under(R"({"kind":"duplicate"})"), "abcdefabcdef");
  EXPECT_EQ(sent_under(R"({"kind":"reorder"})"), "defabc");
  EXPECT_EQ(sent_under(R"({"kind":"delay"})"), "abcdef");
  EXPECT_EQ(sent_under(R"({"kind":"drip","bytes":2})"), "abcdef");
  const std::string corrupt = sent_under(R"({"kind":"corrupt"})");
  ASSERT_EQ(corrupt.size(), 6U);
  int bits = 0;
  for (std::size_t i = 0; i < 6; ++i) bits += __builtin_popcount(static_cast<unsigned>(corrupt[i] ^ "abcdef"[i]));
  EXPECT_EQ(bits, 1);
}

TEST(LinkFaults, AFaultStrikesOnceUnlessToldOtherwise) {
  LinkFaults faults(1);
  faults.add(order(R"({"kind":"drop"})"));
  faults.add(order(R"({"kind":"duplicate","times":2,"direction":"down"})"));
  EXPECT_EQ(sent(faults.pass(LinkDirection::kUp, 0, "a")), "");
  EXPECT_EQ(sent(faults.pass(LinkDirection::kUp, 1, "b")), "b");
  EXPECT_EQ(sent(faults.pass(LinkDirection::kDown, 0, "c")), "cc");
  EXPECT_EQ(sent(faults.pass(LinkDirection::kDown, 1, "d")), "dd");
  EXPECT_EQ(sent(faults.pass(LinkDirection::kDown, 2, "e")), "e");
  EXPECT_EQ(faults.counts(), R"({"drop":1,"duplicate":2})");
}

TEST(LinkFaults, ResetAndHalfCloseComeAfterExactlySoManyBytes) {
  LinkFaults faults(1);
  faults.add(order(R"({"kind":"reset","after":5})"));
  EXPECT_EQ(sent(faults.pass(LinkDirection::kUp, 0, "abc")), "abc");
  const auto outcome = faults.pass(LinkDirection::kUp, 3, "defg");
  EXPECT_EQ(sent(outcome), "de");
  EXPECT_EQ(outcome.end, LinkOutcome::End::kReset);
  faults.add(order(R"({"kind":"half_close","direction":"down"})"));
  EXPECT_EQ(faults.pass(LinkDirection::kDown, 0, "x").end, LinkOutcome::End::kHalfClose);
}

TEST(LinkFaults, DelayAndDripOnlyTakeTime) {
  LinkFaults faults(1);
  faults.add(order(R"({"kind":"delay","ms":30})"));
  faults.add(order(R"({"kind":"drip","bytes":2})"));
  const auto outcome = faults.pass(LinkDirection::kUp, 0, "abcd");
  EXPECT_EQ(outcome.late, milliseconds{30});
  ASSERT_EQ(outcome.pieces.size(), 3U);
  EXPECT_EQ(outcome.pieces[0].wait, milliseconds{1});
  EXPECT_EQ(outcome.pieces[2].bytes, "cd");
  EXPECT_EQ(outcome.pieces[2].wait, milliseconds{0});
  EXPECT_EQ(faults.pass(LinkDirection::kUp, 4, "e").late, milliseconds{30}) << "a delay lasts";
}

TEST(LinkFaults, APartitionHoldsItsDirectionUntilItIsCleared) {
  LinkFaults faults(1);
  faults.add(order(R"({"kind":"partition","direction":"up"})"));
  EXPECT_TRUE(faults.partitioned(LinkDirection::kUp));
  EXPECT_FALSE(faults.partitioned(LinkDirection::kDown));
  faults.clear();
  EXPECT_FALSE(faults.partitioned(LinkDirection::kUp));
}

TEST(LinkFaults, ChanceIsTheSeedsAlone) {
  const auto run = [](std::uint64_t seed) {
    LinkFaults faults(seed);
    faults.add(order(R"({"kind":"drop","rate":0.5,"times":0})"));
    std::string passed;
    for (int i = 0; i < 64; ++i) passed += sent(faults.pass(LinkDirection::kUp, 0, "x")).empty() ? '0' : '1';
    return passed;
  };
  EXPECT_EQ(run(7), run(7));
  EXPECT_NE(run(7), run(8));
  EXPECT_THAT(run(7), HasSubstr("0"));
  EXPECT_THAT(run(7), HasSubstr("1"));
}

TEST(LinkFaults, AnOrderThatMeansNothingIsRefused) {
  for (const char* text :
       {"", "[]", R"({"kind":"flood"})", R"({"kind":"drop","rate":2})", R"({"kind":"drop","after":-1})",
        R"({"kind":"drop","direction":"left"})", R"({"kind":"drop","seconds":1})"}) {
    const auto parsed = parse_link_fault(text);
    EXPECT_TRUE(std::holds_alternative<std::string>(parsed)) << text;
  }
}

}  // namespace
}  // namespace millrace::sim

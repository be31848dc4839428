#include "ingest/config/problem.h"

#include <gtest/gtest.h>

namespace millrace::ingest {
namespace {

TEST(Suggestion, NamesTheNearestWord) {
  const std::vector<std::string_view> words{"brokers", "prefix", "linger_ms"};
  EXPECT_EQ(nearest("broker", words), "brokers");
  EXPECT_EQ(nearest("lingerms", words), "linger_ms");
  EXPECT_EQ(suggestion("pefix", words), ", did you mean \"prefix\"?");
}

TEST(Suggestion, SaysNothingWhereNothingIsNear) {
  EXPECT_EQ(suggestion("completely_else", {"brokers"}), "");
  EXPECT_EQ(suggestion("x", {}), "");
}

TEST(Problem, ReadsLikeACompilersError) {
  EXPECT_EQ(to_text("a.yaml", {{3, 7, ""}, "is wrong"}), "a.yaml:3:7: is wrong");
}

}  // namespace
}  // namespace millrace::ingest

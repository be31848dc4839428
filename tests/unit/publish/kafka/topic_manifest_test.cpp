#include "publish/kafka/topic_manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "publish/kafka/topic_plan.h"

namespace millrace::publish {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

TopicManifest shipped_manifest() {
  std::ifstream file(MILLRACE_SOURCE_DIR "/deploy/topics.yaml");
  return parse_manifest({std::istreambuf_iterator<char>(file), {}});
}

std::vector<std::string> names(const std::vector<WantedTopic>& topics) {
  std::vector<std::string> all;
  for (const auto& topic : topics) all.push_back(topic.name);
  return all;
}

TEST(TopicManifest, ShippedOneMakesTheTopicsOfTheDesign) {
  const auto topics = wanted_topics(shipped_manifest(), "p", {{"kraken", {"book", "trade", "instrument"}}});
  EXPECT_THAT(names(topics),
              ElementsAre("p.ctl.claim.v1", "p.ctl.subscription.v1", "p.market.kraken.book.v1",
                          "p.market.kraken.trade.v1", "p.ops.kraken.gap.v1", "p.ops.kraken.heartbeat.v1",
                          "p.ops.kraken.quarantine.v1", "p.ops.kraken.status.v1", "p.ref.kraken.instrument.v1"));
  EXPECT_EQ(topics[0].partitions, 1);
  EXPECT_EQ(topics[2].partitions, 4);
  EXPECT_EQ(topics[2].config.at("max.message.bytes"), "4194304");
  EXPECT_EQ(topics[5].config.at("retention.ms"), "3600000");
  EXPECT_EQ(topics[7].config.at("cleanup.policy"), "compact");
}

TEST(TopicManifest, AccountTopicsComeWithAccountDatasets) {
  const auto all = names(wanted_topics(shipped_manifest(), "p", {{"kraken", {"execution"}}}));
  EXPECT_THAT(all, testing::Contains("p.account.kraken.execution.v1"));
  EXPECT_THAT(all, testing::Contains("p.ops.kraken.recovery.v1"));
  EXPECT_THAT(all, testing::Not(testing::Contains(HasSubstr("market"))));
}

TEST(TopicManifest, AVenueWithAccountsAddsExactlyTheirTopics) {
  const VenueDatasets plain{"kraken", {"book"}};
  const auto without = wanted_topics(shipped_manifest(), "p", {plain});
  const auto with = wanted_topics(shipped_manifest(), "p", {with_accounts(plain)});
  std::vector<WantedTopic> added;
  for (const auto& topic : with) {
    if (const auto all = names(without); std::find(all.begin(), all.end(), topic.name) == all.end()) {
      added.push_back(topic);
    }
  }
  ASSERT_THAT(names(added), ElementsAre("p.account.kraken.balance.v1", "p.account.kraken.execution.v1",
                                        "p.ctl.cursor.v1", "p.ops.kraken.recovery.v1"));
  EXPECT_EQ(with.size(), without.size() + added.size());
  for (const auto& topic : {added[0], added[1]}) {
    EXPECT_EQ(topic.partitions, 3);
    EXPECT_EQ(topic.config.at("cleanup.policy"), "delete");
    EXPECT_EQ(topic.config.at("retention.ms"), std::to_string(std::int64_t{400} * 86'400'000));
  }
  EXPECT_EQ(added[2].partitions, 1);
  EXPECT_EQ(added[2].config.at("cleanup.policy"), "compact");
  EXPECT_EQ(added[3].partitions, 1);
  EXPECT_EQ(added[3].config.at("retention.ms"), std::to_string(std::int64_t{30} * 86'400'000));
}

TEST(TopicManifest, AccountsAreAddedOnce) {
  const auto twice = with_accounts(with_accounts({"kraken", {"balance", "book"}}));
  EXPECT_THAT(twice.datasets, ElementsAre("balance", "book", "execution"));
}

TEST(TopicManifest, WhatIsWrongIsNamedByLine) {
  const auto parse = [](const std::string& row) {
    return [row] { parse_manifest("replication: auto\ntopics:\n  - " + row + "\n"); };
  };
  using Error = std::runtime_error;
  EXPECT_THAT(parse("{name: a, partitions: 0, cleanup: compact}"),
              ThrowsMessage<Error>(HasSubstr("line 3: partitions")));
  EXPECT_THAT(parse("{name: a, partitions: 1, cleanup: never}"), ThrowsMessage<Error>(HasSubstr("cleanup")));
  EXPECT_THAT(parse("{name: a, partitions: 1, cleanup: delete, retention: 7x}"),
              ThrowsMessage<Error>(HasSubstr("retention")));
  EXPECT_THAT(parse("{name: a, partition: 1}"), ThrowsMessage<Error>(HasSubstr("unknown key \"partition\"")));
  EXPECT_THAT([] { parse_manifest("topics: {"); }, ThrowsMessage<Error>(HasSubstr("line")));
  EXPECT_THAT([] { parse_manifest(""); }, ThrowsMessage<Error>(HasSubstr("topic manifest")));
}

// One wanted topic against one that exists.
TopicFinding find_against(ExistingTopic existing) {
  const WantedTopic wanted{
      "t", 4, {{"cleanup.policy", "delete"}, {"retention.ms", "10"}, {"max.message.bytes", "100"}}};
  existing.name = "t";
  return plan_topics({wanted}, {1, {existing}}, 1).front();
}

TEST(TopicPlan, TellsConflictsFromChoices) {
  using Config = std::map<std::string, std::string>;
  const Config same{{"cleanup.policy", "delete"}, {"retention.ms", "10"}, {"max.message.bytes", "100"}};
  EXPECT_EQ(find_against({"", 4, 1, same}).verdict, TopicVerdict::kSame);
  EXPECT_EQ(find_against({"", 8, 1, same}).verdict, TopicVerdict::kConflict);
  EXPECT_EQ(find_against({"", 4, 2, same}).verdict, TopicVerdict::kDiffers);
  Config other = same;
  other["retention.ms"] = "20";
  EXPECT_EQ(find_against({"", 4, 1, other}).verdict, TopicVerdict::kDiffers);
  other["max.message.bytes"] = "200";
  EXPECT_EQ(find_against({"", 4, 1, other}).verdict, TopicVerdict::kDiffers) << "larger is no harm";
  other["max.message.bytes"] = "50";
  EXPECT_EQ(find_against({"", 4, 1, other}).verdict, TopicVerdict::kConflict);
  EXPECT_THAT(find_against({"", 8, 1, same}).differences, ElementsAre(HasSubstr("partitions: 8, wanted 4")));
}

TEST(TopicPlan, ReplicationFollowsTheBrokers) {
  EXPECT_EQ(replication_for({0, {}}, 1), 1);
  EXPECT_EQ(replication_for({0, {}}, 5), 3);
  EXPECT_EQ(replication_for({2, {}}, 5), 2);
}

}  // namespace
}  // namespace millrace::publish

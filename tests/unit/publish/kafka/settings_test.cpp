#include "publish/kafka/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::publish {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

TEST(KafkaSettings, WhatWouldBreakAPromiseIsRefused) {
  for (const char* name : {"acks", "enable.idempotence", "message.timeout.ms", "delivery.timeout.ms", "retries"}) {
    KafkaSettings settings{"b:1", "p", 500, {{name, "1"}}};
    EXPECT_THAT(problems(settings), ElementsAre(HasSubstr("a promise rests on it"))) << name;
  }
}

TEST(KafkaSettings, EveryProblemIsSaidAtOnceAndNoValueIsRepeated) {
  const KafkaSettings settings{
      "", "p", 500, {{"sasl.mechanisms", "s3cret"}, {"no.such", "1"}, {"linger.ms", "s3cret"}}};
  const auto found = problems(settings);
  EXPECT_THAT(found, ElementsAre(HasSubstr("kafka.brokers"), HasSubstr("linger.ms"), HasSubstr("no.such")));
  for (const auto& line : found) EXPECT_THAT(line, Not(HasSubstr("s3cret")));
}

TEST(KafkaSettings, PasswordsAndKeysAreSecretsAndNamesOfFilesAreNot) {
  for (const char* name : {"sasl.password", "ssl.key.password", "ssl.key.pem", "ssl.keystore.password"}) {
    EXPECT_TRUE(is_secret(name)) << name;
  }
  for (const char* name : {"sasl.username", "ssl.key.location", "ssl.ca.location", "security.protocol"}) {
    EXPECT_FALSE(is_secret(name)) << name;
  }
}

TEST(KafkaSettings, PropertiesWinOverDefaults) {
  const KafkaSettings settings{"b:1", "p", 1500, {{"compression.codec", "zstd"}}};
  EXPECT_THAT(problems(settings), IsEmpty());
  const auto all = producer_settings(settings);
  EXPECT_THAT(all, Contains(Pair("linger.ms", "1.500")));
  const auto codec =
      std::find_if(all.rbegin(), all.rend(), [](auto& each) { return each.first == "compression.codec"; });
  EXPECT_EQ(codec->second, "zstd");
}

TEST(KafkaSettings, ClientsThatOnlyReadAreSparedTheProducersSettings) {
  const KafkaSettings settings{"b:1", "p", 500, {{"compression.codec", "zstd"}, {"security.protocol", "ssl"}}};
  const auto all = client_settings(settings);
  EXPECT_THAT(all, Contains(Pair("security.protocol", "ssl")));
  EXPECT_THAT(all, Not(Contains(Pair("compression.codec", "zstd"))));
}

}  // namespace
}  // namespace millrace::publish

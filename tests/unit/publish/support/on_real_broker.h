#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "publish/kafka/settings.h"
#include "tests/unit/publish/support/real_broker.h"

namespace millrace::test {

// One broker for the tests of a suite, as it takes seconds to start: each has topics of its own. Skipped where there is
// none.
class OnRealBroker : public testing::Test {
 protected:
  static void SetUpTestSuite() { broker = RealBroker::start(); }
  static void TearDownTestSuite() { broker.reset(); }
  void SetUp() final {
    if (!broker) GTEST_SKIP() << "no Apache Kafka here: see deploy/kafka";
    prepare();
  }
  virtual void prepare() {}

  static publish::KafkaSettings kafka(std::string prefix = "t") {
    publish::KafkaSettings settings;
    settings.brokers = broker->brokers();
    settings.prefix = std::move(prefix);
    return settings;
  }
  static std::string test_name() { return testing::UnitTest::GetInstance()->current_test_info()->name(); }

  static inline std::unique_ptr<RealBroker> broker;
};

}  // namespace millrace::test

#include "publish/kafka/trouble.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::publish {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// A complaint in librdkafka's words, and what the user is told to look at. The texts are those of librdkafka 2.0.2 with
// OpenSSL 3.0 and Kafka 3.9.
struct Complaint {
  const char* text;
  const char* told;
  bool for_good;
};

class TroubleTexts : public testing::TestWithParam<Complaint> {};

TEST_P(TroubleTexts, SayWhatToDoAndWhetherWaitingHelps) {
  Trouble trouble;
  trouble.note("FAIL", GetParam().text);
  EXPECT_EQ(trouble.refused(), GetParam().for_good);
  EXPECT_THAT(no_answer("b:1", trouble), AllOf(HasSubstr("b:1"), HasSubstr(GetParam().told), Not(HasSubstr("thrd"))));
}

INSTANTIATE_TEST_SUITE_P(
    Librdkafka, TroubleTexts,
    testing::Values(
        Complaint{
            "[thrd:sasl_ssl://b:1/bootstrap]: sasl_ssl://b:1/bootstrap: SASL authentication error: Authentication "
            "failed during authentication due to invalid credentials with SASL mechanism SCRAM-SHA-512 (after "
            "526ms in state AUTH_REQ)",
            "SCRAM to Kafka 4 also needs librdkafka 2.6.1", true},
        Complaint{"[thrd:sasl_ssl://b:1/bootstrap]: sasl_ssl://b:1/bootstrap: SASL authentication error: no",
                  "user or password is wrong", true},
        Complaint{"[thrd:ssl://b:1/bootstrap]: ssl://b:1/bootstrap: SSL handshake failed: error:0A000086:SSL "
                  "routines::certificate verify failed: broker certificate could not be verified (after 1ms in state "
                  "SSL_HANDSHAKE)",
                  "set ssl.ca.location", true},
        Complaint{"[thrd:ssl://b:1/bootstrap]: ssl://b:1/bootstrap: Receive failed: error:0A000412:SSL "
                  "routines::sslv3 alert bad certificate: SSL alert number 42 (after 11ms in state APIVERSION_QUERY)",
                  "set ssl.certificate.location and ssl.key.location", true},
        Complaint{"[thrd:b:1/bootstrap]: b:1/bootstrap: Disconnected while requesting ApiVersion: might be caused by "
                  "incorrect security.protocol configuration (connecting to a SSL listener?)",
                  "See security.protocol", false},
        Complaint{"[thrd:b:1/bootstrap]: b:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused (after "
                  "0ms in state CONNECT)",
                  "is the broker up? (b:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused)", false}));

TEST(Trouble, WhatFollowsARefusalDoesNotHideIt) {
  Trouble trouble;
  trouble.note("FAIL", "b:1: SASL authentication error: no");
  trouble.note("FAIL", "b:1: Disconnected");
  EXPECT_TRUE(trouble.refused());
  EXPECT_THAT(trouble.text(), HasSubstr("SASL"));
}

TEST(Trouble, LinesThatAreNotAboutConnectionsAreNoComplaints) {
  Trouble trouble;
  trouble.note("CONFWARN", "SASL authentication error in a warning");
  EXPECT_FALSE(trouble.refused());
  EXPECT_THAT(trouble.text(), IsEmpty());
}

TEST(Trouble, ADeniedRightNamesTheThingAndTheOperation) {
  EXPECT_EQ(not_authorized("topic", "mr.x", "Write"),
            "kafka: topic mr.x: not authorized: grant this client's user Write on it");
}

}  // namespace
}  // namespace millrace::publish

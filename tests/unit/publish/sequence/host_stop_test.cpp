#include "publish/sequence/host_stop.h"

#include <gtest/gtest.h>

#include <variant>

#include "schemas/codec/decode.h"

namespace millrace::publish {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr schemas::UnixNanos kNow = 1'790'000'000 * kSecond;

schemas::Decoded<schemas::StreamStatus> decoded(const std::string& record) {
  return std::get<schemas::Decoded<schemas::StreamStatus>>(
      schemas::decode(schemas::MessageType::kStreamStatus, record).value());
}
std::optional<HostStop> read(const std::string& record, schemas::UnixNanos now) {
  const auto status = decoded(record);
  return read_host_stop(status.meta, status.body, now);
}

TEST(HostStop, IsReadAsItWasTold) {
  const HostStop told{"binance-spot", "api.binance.com", kNow + 30 * kSecond + 5, "one"};
  const std::string record = encode_host_stop(told, 7, schemas::Origin::kReplay, kNow);
  const auto status = decoded(record);
  EXPECT_EQ(status.meta.epoch, 7);
  EXPECT_EQ(status.meta.receive_time, kNow);
  EXPECT_EQ(status.body.dataset, "rest");
  EXPECT_EQ(status.body.state, schemas::StreamState::kHalted);
  EXPECT_EQ(status.body.reason, "host_limited");
  EXPECT_EQ(status.body.detail, "2026-09-21T14:13:50.000000005Z");
  EXPECT_EQ(host_stop_key(told.host), "rest/api.binance.com");
  const auto heard = read(record, kNow + kSecond);
  ASSERT_TRUE(heard);
  EXPECT_EQ(heard->venue, told.venue);
  EXPECT_EQ(heard->host, told.host);
  EXPECT_EQ(heard->until, told.until);
  EXPECT_EQ(heard->worker, told.worker);
}

TEST(HostStop, WhatIsOverIsNone) {
  const std::string record =
      encode_host_stop({"kraken", "api.kraken.com", kNow + kSecond, "one"}, 1, schemas::Origin::kLive, kNow);
  EXPECT_TRUE(read(record, kNow + kSecond - 1));
  EXPECT_FALSE(read(record, kNow + kSecond));
}

// The clock of one process must not silence the others for ever.
TEST(HostStop, LastsThreeDaysAtMost) {
  const HostStop far{"kraken", "api.kraken.com", kNow + 2 * kLongestHostStop, "one"};
  EXPECT_EQ(read(encode_host_stop(far, 1, schemas::Origin::kLive, kNow), kNow)->until, kNow + kLongestHostStop)
      << "as it is told";
  const std::string ahead = encode_host_stop(far, 1, schemas::Origin::kLive, kNow + kLongestHostStop);
  EXPECT_EQ(read(ahead, kNow)->until, kNow + kLongestHostStop) << "and as it is heard";
}

TEST(HostStop, AnotherStatusIsNone) {
  auto status =
      decoded(encode_host_stop({"kraken", "api.kraken.com", kNow + kSecond, "one"}, 1, schemas::Origin::kLive, kNow));
  const auto heard = [&] { return read_host_stop(status.meta, status.body, kNow).has_value(); };
  ASSERT_TRUE(heard());
  status.body.dataset = "execution";  // as the sidecar tells of its own account
  EXPECT_FALSE(heard());
  status.body.dataset = "rest";
  status.body.reason = "live";
  EXPECT_FALSE(heard());
  status.body.reason = "host_limited";
  status.body.detail = "soon";
  EXPECT_FALSE(heard());
}

}  // namespace
}  // namespace millrace::publish

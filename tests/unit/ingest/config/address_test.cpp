#include "ingest/config/address.h"

#include <gtest/gtest.h>

namespace millrace::ingest {
namespace {

TEST(Address, HasItsPartsAndTheDefaultPort) {
  const auto address = parse_address("https://api.binance.com");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->host, "api.binance.com");
  EXPECT_EQ(address->port, 443);
  EXPECT_EQ(address->path, "");
  EXPECT_EQ(address->authority(), "api.binance.com");
}

TEST(Address, KeepsPortPathAndIpv6) {
  const auto address = parse_address("wss://[::1]:8443/ws/");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->host, "::1");
  EXPECT_EQ(address->path, "/ws");
  EXPECT_EQ(address->authority(), "[::1]:8443");
}

TEST(Address, RefusesWhatIsNoTlsAddress) {
  for (const char* text : {"", "api.binance.com", "http://a", "ws://a", "https://", "https://a:0", "https://a:99999",
                           "https://user:secret@a", "https://a/#x", "https://a b"}) {
    EXPECT_FALSE(parse_address(text)) << text;
  }
}

TEST(HostPort, IsReadWithNamesAndBracketedAddresses) {
  EXPECT_EQ(parse_host_port("127.0.0.1:0")->port, 0);
  EXPECT_EQ(parse_host_port("[::1]:9092")->host, "::1");
  for (const char* text : {"", "a", ":1", "a:", "a:x", "a:70000", "a b:1"}) EXPECT_FALSE(parse_host_port(text)) << text;
}

}  // namespace
}  // namespace millrace::ingest

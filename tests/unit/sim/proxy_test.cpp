// The proxy over loopback: a client, the proxy, and a server that sends back what it gets.
#include "tests/sim/proxy/proxy.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <future>
#include <thread>

namespace millrace::sim {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using testing::HasSubstr;

class ProxyTest : public testing::Test {
 protected:
  ProxyTest()
      : listener_(io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        proxy_(std::make_shared<Proxy>(io_, "p", fmt::format("127.0.0.1:{}", listener_.local_endpoint().port()), 1)) {
    proxy_->start();
    runner_ = std::jthread([this] { io_.run(); });
    client_.connect({asio::ip::address_v4::loopback(), proxy_->port()});
    server_ = listener_.accept();
  }
  ~ProxyTest() override { proxy_->stop(); }

  std::string control(const std::string& method, const std::string& body) {
    std::promise<std::string> answer;
    proxy_->control(method, body, [&](const HttpAnswer& got) { answer.set_value(got.body); });
    return answer.get_future().get();
  }
  void order(const std::string& body) { ASSERT_EQ(control("POST", body), R"({"ok":true})"); }

  static void write(tcp::socket& to, const std::string& text) { asio::write(to, asio::buffer(text)); }
  static std::string read(tcp::socket& from, std::size_t size) {
    std::string text(size, ' ');
    boost::system::error_code error;
    text.resize(asio::read(from, asio::buffer(text), error));
    return text;
  }
  // How a socket ends, once all bytes are read.
  static boost::system::error_code end_of(tcp::socket& socket) {
    boost::system::error_code error;
    std::array<char, 64> rest{};
    while (!error) socket.read_some(asio::buffer(rest), error);
    return error;
  }

  asio::io_context io_;
  tcp::acceptor listener_;
  std::shared_ptr<Proxy> proxy_;
  std::jthread runner_;
  asio::io_context blocking_;
  tcp::socket client_{blocking_};
  tcp::socket server_{blocking_};
};

TEST_F(ProxyTest, PassesBytesAndEndsBothWays) {
  write(client_, "hello");
  EXPECT_EQ(read(server_, 5), "hello");
  write(server_, "world!");
  EXPECT_EQ(read(client_, 6), "world!");
  EXPECT_EQ(control("GET", ""), R"({"connections":1,"up":5,"down":6,"struck":{}})");
  client_.shutdown(tcp::socket::shutdown_send);
  EXPECT_EQ(end_of(server_), asio::error::eof);
  write(server_, "late");
  EXPECT_EQ(read(client_, 4), "late") << "one half lives on";
  server_.close();
  EXPECT_EQ(end_of(client_), asio::error::eof);
}

TEST_F(ProxyTest, ResetReachesBothSidesAfterTheBytesBeforeIt) {
  order(R"({"kind":"reset","direction":"up","after":3})");
  write(client_, "hello");
  EXPECT_EQ(end_of(client_), asio::error::connection_reset);
  EXPECT_EQ(end_of(server_), asio::error::connection_reset);
  EXPECT_THAT(control("GET", ""), HasSubstr(R"("struck":{"reset":1})"));
}

TEST_F(ProxyTest, AHalfClosedConnectionStillCarriesTheOtherHalf) {
  order(R"({"kind":"half_close","direction":"up","after":2})");
  write(client_, "hello");
  EXPECT_EQ(read(server_, 5), "he");
  write(server_, "still here");
  EXPECT_EQ(read(client_, 10), "still here");
}

TEST_F(ProxyTest, APartitionHoldsEverythingAndLosesNothing) {
  order(R"({"kind":"partition"})");
  write(client_, "hello");
  write(server_, "world");
  tcp::socket late(blocking_);
  late.connect({asio::ip::address_v4::loopback(), proxy_->port()});
  write(late, "late");
  tcp::socket late_server = listener_.accept();
  server_.non_blocking(true);
  client_.non_blocking(true);
  std::array<char, 8> nothing{};
  boost::system::error_code error;
  server_.read_some(asio::buffer(nothing), error);
  EXPECT_EQ(error, asio::error::would_block);
  client_.read_some(asio::buffer(nothing), error);
  EXPECT_EQ(error, asio::error::would_block);
  server_.non_blocking(false);
  client_.non_blocking(false);
  order(R"({"kind":"clear"})");
  EXPECT_EQ(read(server_, 5), "hello");
  EXPECT_EQ(read(client_, 5), "world");
  EXPECT_EQ(read(late_server, 4), "late");
}

TEST_F(ProxyTest, DelayAndDripKeepTheOrder) {
  order(R"({"kind":"delay","ms":5})");
  order(R"({"kind":"drip","bytes":3})");
  write(client_, "abcdef");
  EXPECT_EQ(read(server_, 6), "abcdef");
  order(R"({"kind":"clear"})");
  write(client_, "ghi");
  EXPECT_EQ(read(server_, 3), "ghi");
}

TEST_F(ProxyTest, CutEndsWhatIsOpenAndNotWhatComes) {
  write(client_, "x");
  EXPECT_EQ(read(server_, 1), "x");
  order(R"({"kind":"cut"})");
  EXPECT_EQ(end_of(client_), asio::error::connection_reset);
  tcp::socket next(blocking_);
  next.connect({asio::ip::address_v4::loopback(), proxy_->port()});
  tcp::socket next_server = listener_.accept();
  write(next, "again");
  EXPECT_EQ(read(next_server, 5), "again");
}

TEST_F(ProxyTest, WhatIsNoOrderIsRefused) {
  EXPECT_THAT(control("POST", R"({"kind":"flood"})"), HasSubstr(R"("error":"\"kind\" is one of: delay)"));
}

TEST(Proxy, ATargetThatIsNoAddressIsRefused) {
  asio::io_context io;
  for (const char* target : {"", "kafka", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:9x"}) {
    EXPECT_THROW(Proxy(io, "p", target, 1), std::runtime_error) << target;
  }
}

}  // namespace
}  // namespace millrace::sim

#include <fcntl.h>
#include <gmock/gmock.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <optional>

#include "tests/unit/ingest/session/certificates.h"
#include "tests/unit/ingest/session/owner.h"

// A session against Debian's python3-websockets: neither end of the wire shares code with the other.
namespace millrace::ingest::test {
namespace {

using testing::HasSubstr;
using State = SessionState;

constexpr const char* kPython = "/usr/bin/python3";

// tests/flow/websockets_peer.py as a child that ends with this object, because its standard input does.
class PackagedServer {
 public:
  explicit PackagedServer(const Certificates& certificates) {
    std::array<int, 2> in{}, out{};
    if (pipe2(in.data(), O_CLOEXEC) != 0 || pipe2(out.data(), O_CLOEXEC) != 0) return;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    std::string script = MILLRACE_SOURCE_DIR "/tests/flow/websockets_peer.py";
    std::string python = kPython, chain = certificates.chain(), key = certificates.key();
    std::array<char*, 5> arguments = {python.data(), script.data(), chain.data(), key.data(), nullptr};
    posix_spawn(&child_, kPython, &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    stdin_ = in[1];
    std::FILE* lines = fdopen(out[0], "r");
    if (std::fscanf(lines, "%d", &port_) != 1) port_ = 0;
    std::fclose(lines);
  }
  ~PackagedServer() {
    close(stdin_);
    int status = 0;
    if (child_ > 0) waitpid(child_, &status, 0);
  }
  PackagedServer(const PackagedServer&) = delete;
  PackagedServer& operator=(const PackagedServer&) = delete;

  int port() const { return port_; }

 private:
  pid_t child_ = 0;
  int stdin_ = -1;
  int port_ = 0;
};

bool is_installed() {
  return std::system("/usr/bin/python3 -c 'import websockets, sys; sys.exit(0)' 2>/dev/null") == 0;
}

class PackagedSession : public testing::Test {
 protected:
  void SetUp() override {
    if (!is_installed()) GTEST_SKIP() << "python3-websockets is not installed";
    server_.emplace(certificates_);
    ASSERT_GT(server_->port(), 0);
  }
  SessionSettings settings(const std::string& path) const {
    return local_settings("wss://venue.test:" + std::to_string(server_->port()) + path, certificates_.ca());
  }
  static std::string message(std::size_t n) {
    std::string pad;
    for (std::size_t i = 0; i < n; ++i) pad += "ab";
    return R"({"channel":"trade","n":)" + std::to_string(n) + R"(,"pad":")" + pad + "\"}";
  }
  static void expect_all_messages(const Owner& owner) {
    for (std::size_t n = 0; n < 200; ++n) ASSERT_EQ(owner.frames[n], message(n));
  }

  Certificates certificates_{"venue.test"};
  std::optional<PackagedServer> server_;
};

TEST_F(PackagedSession, CompressedMessagesArriveWhole) {
  Owner owner(settings("/compressed"));
  ASSERT_TRUE(owner.run_until_frames(200));
  expect_all_messages(owner);
  EXPECT_GT(owner.session.stats().compressed_bytes, 0);
}

TEST_F(PackagedSession, PlainMessagesArriveWhole) {
  auto wanted = settings("/plain");
  wanted.offer_deflate = false;
  Owner owner(wanted);
  ASSERT_TRUE(owner.run_until_frames(200));
  expect_all_messages(owner);
  EXPECT_EQ(owner.session.stats().compressed_bytes, 0);
}

TEST_F(PackagedSession, FragmentedMessagesArriveWhole) {
  for (const bool deflate : {false, true}) {
    auto wanted = settings("/fragments");
    wanted.offer_deflate = deflate;
    Owner owner(wanted);
    ASSERT_TRUE(owner.run_until_frames(200));
    expect_all_messages(owner);
    EXPECT_GE(owner.session.stats().frames, 600);
  }
}

TEST_F(PackagedSession, PingsAreAnswered) {
  Owner owner(settings("/pings"));
  ASSERT_TRUE(owner.run_until_frames(1));
  EXPECT_EQ(owner.frames[0], "five pongs");
  EXPECT_EQ(owner.session.stats().pings_received, 5);
}

TEST_F(PackagedSession, WhatWeSendIsUnderstood) {
  Owner owner(settings("/echo"));
  const std::string large(1'000'000, 'e');
  owner.when_open = [&] {
    EXPECT_TRUE(owner.session.send("subscribe €"));
    EXPECT_TRUE(owner.session.send(large));
  };
  ASSERT_TRUE(owner.run_until_frames(2));
  EXPECT_EQ(owner.frames[0], "subscribe €");
  EXPECT_EQ(owner.frames[1], large);
}

TEST_F(PackagedSession, CloseCodesAreRead) {
  for (const auto& [code, reason] : {std::pair{1000, Reason::kClosed},
                                     {1001, Reason::kClosed},
                                     {1008, Reason::kLimited},
                                     {1012, Reason::kRestart},
                                     {1013, Reason::kRestart},
                                     {4321, Reason::kClosed}}) {
    Owner owner(settings("/close/" + std::to_string(code)));
    ASSERT_TRUE(owner.run_until([&] { return !owner.closed.empty(); }));
    EXPECT_EQ(owner.closed[0], reason) << code;
    EXPECT_THAT(owner.first_trouble().detail, HasSubstr(std::to_string(code) + " as asked"));
  }
}

TEST_F(PackagedSession, OurCloseEndsWithinItsDeadline) {
  Owner owner(settings("/echo"));
  ASSERT_TRUE(owner.run_until_state(State::kSubscribing));
  owner.session.stop();
  ASSERT_TRUE(owner.run_until_state(State::kDisconnected));
}

}  // namespace
}  // namespace millrace::ingest::test

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::sim {

// A WebSocket client on Beast that verifies the simulator's certificate. Every call ends after five seconds at the
// latest.
class TestClient {
 public:
  // `url` as the simulator prints it, plus path. Empty `ca_file` with ws://.
  TestClient(std::string_view url, const std::string& ca_file, bool deflate = false);
  ~TestClient();

  // Did the upgrade succeed?
  bool open() const noexcept;
  void write(std::string_view text);
  // The next message; nullopt if the connection ended, which close_code() and error() then explain.
  std::optional<std::string> read();
  // Reads until a message contains `part`.
  std::optional<std::string> read_until(std::string_view part);
  std::uint16_t close_code() const noexcept;
  std::string error() const;
  std::string extensions() const;  // what the server agreed to
  int pings() const noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

struct TestAnswer {
  int status = 0;  // 0 = no answer
  std::string body;
  std::string retry_after;
};
TestAnswer request(std::string_view url, const std::string& ca_file, std::string_view method, std::string_view target,
                   std::string_view body = {});

}  // namespace millrace::sim

#pragma once

#include <string>
#include <vector>

namespace millrace::test {

// A program whose standard output the test reads. Killed at the end, if it still runs.
class Child {
 public:
  explicit Child(const std::vector<std::string>& command);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // The next line, without its end; fails the test if none comes within 30 s.
  std::string read_line();
  void kill();  // SIGKILL
  int stop();   // SIGTERM, and the exit status

 private:
  int pid_ = -1;
  int output_ = -1;
  std::string buffer_;
};

}  // namespace millrace::test

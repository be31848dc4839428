#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

namespace millrace::cli {

// A file or standard output that a command writes to. Errors are remembered, so that one look at the end is enough.
class Output {
 public:
  // Empty = standard output. Throws std::invalid_argument if the file cannot be made.
  explicit Output(const std::string& path);

  void write(std::string_view bytes);
  void flush();                                         // what was written shall arrive now
  bool failed() const noexcept { return error_ != 0; }  // something did not arrive: no use in going on
  // Hands everything over. Throws std::runtime_error if anything since the beginning did not arrive.
  void finish();

 private:
  struct Close {
    void operator()(std::FILE* file) const noexcept;
  };
  std::string name_;
  std::unique_ptr<std::FILE, Close> file_;
  int error_ = 0;  // errno of the first failure
};

}  // namespace millrace::cli

#include "cli/normalize/output.h"

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace millrace::cli {

void Output::Close::operator()(std::FILE* file) const noexcept {
  if (file != stdout) std::fclose(file);
}

Output::Output(const std::string& path)
    : name_{path.empty() ? "standard output" : path}, file_{path.empty() ? stdout : std::fopen(path.c_str(), "wb")} {
  if (!file_) throw std::invalid_argument{name_ + ": " + std::strerror(errno)};
}

void Output::write(std::string_view bytes) {
  if (error_ == 0 && std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) error_ = errno;
}

void Output::flush() {
  if (std::fflush(file_.get()) != 0 && error_ == 0) error_ = errno;
}

void Output::finish() {
  flush();
  if (error_ != 0) throw std::runtime_error{name_ + ": " + std::strerror(error_)};
}

}  // namespace millrace::cli

#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace millrace::history {

// SHA-256 of what is added, piece by piece. Throws std::runtime_error if OpenSSL has none.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void add(std::string_view bytes);
  std::string hex() const;  // of what was added so far

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace millrace::history

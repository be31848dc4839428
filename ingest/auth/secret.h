#pragma once

#include <cstddef>
#include <initializer_list>
#include <iosfwd>
#include <span>
#include <string_view>
#include <utility>

namespace millrace::ingest {

// Bytes that let their holder in: key material, and texts made with it that need no further proof (an API key, an auth
// message, a token). They lie in OpenSSL's secure heap, which is locked into memory and left out of core files, and are
// wiped when the object goes. Moves, never copies, never prints; reveal() is the only way to the bytes, so a search for
// that word finds every place that sees them.
class Secret {
 public:
  Secret() noexcept = default;
  // `size` zero bytes, for whoever fills them through bytes(). Throws std::bad_alloc when the secure heap is full.
  explicit Secret(std::size_t size);
  Secret(Secret&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { wipe(); }

  static Secret joined(std::span<const std::string_view> parts);
  static Secret joined(std::initializer_list<std::string_view> parts) { return joined({parts.begin(), parts.size()}); }
  static Secret copy_of(std::string_view text) { return joined({text}); }

  // Valid as long as the object is neither changed nor moved from.
  std::string_view reveal() const noexcept { return {data_, size_}; }
  std::span<char> bytes() noexcept { return {data_, size_}; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }

  // Forgets what is behind the first `size` bytes.
  void truncate(std::size_t size) noexcept;

 private:
  void wipe() noexcept;

  char* data_ = nullptr;
  std::size_t size_ = 0;
};

std::ostream& operator<<(std::ostream&, const Secret&) = delete;
void format_as(const Secret&) = delete;  // fmt

// A header line of a signed request.
struct SecretHeader {
  std::string_view name;  // a literal
  Secret value;
};

}  // namespace millrace::ingest

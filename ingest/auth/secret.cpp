#include "ingest/auth/secret.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <new>

namespace millrace::ingest {
namespace {

// Some thousand keys and what is made with them. A limit on locked memory below this costs only the lock.
constexpr std::size_t kSecureHeap = 1024 * 1024;
constexpr std::size_t kSmallestBlock = 32;

// Once per process and before the first key, because OpenSSL's own copies of key material then go there, too.
void* secure_bytes(std::size_t size) {
  static const int ready = CRYPTO_secure_malloc_init(kSecureHeap, kSmallestBlock);
  static_cast<void>(ready);
  void* bytes = OPENSSL_secure_zalloc(size);
  if (bytes == nullptr) throw std::bad_alloc();
  return bytes;
}

}  // namespace

Secret::Secret(std::size_t size) : size_(size) {
  if (size != 0) data_ = static_cast<char*>(secure_bytes(size));
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this == &other) return *this;
  wipe();
  data_ = std::exchange(other.data_, nullptr);
  size_ = std::exchange(other.size_, 0);
  return *this;
}

Secret Secret::joined(std::span<const std::string_view> parts) {
  std::size_t size = 0;
  for (const auto part : parts) size += part.size();
  Secret whole(size);
  char* at = whole.data_;
  for (const auto part : parts) at = std::copy(part.begin(), part.end(), at);
  return whole;
}

void Secret::truncate(std::size_t size) noexcept {
  if (size >= size_) return;
  OPENSSL_cleanse(data_ + size, size_ - size);
  size_ = size;
}

// Where the secure heap could not be had, OpenSSL falls back to malloc; it cleanses in both cases.
void Secret::wipe() noexcept {
  if (data_ != nullptr) OPENSSL_secure_clear_free(data_, size_);
  data_ = nullptr;
  size_ = 0;
}

}  // namespace millrace::ingest

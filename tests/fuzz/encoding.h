#pragma once

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <variant>

#include "schemas/codec/decode.h"
#include "schemas/codec/encode.h"

// Shared by the fuzz targets: the one way to fail, and any record to bytes.
namespace millrace::test {

// Aborts, which libFuzzer reports together with the input; says which line of the target it was.
inline void require(bool holds, int line = __builtin_LINE()) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: line %d\n", line);
  std::abort();
}

template <class Body>
inline constexpr bool kIsBounded =
    std::is_same_v<Body, schemas::Book> || std::is_same_v<Body, schemas::Bbo> || std::is_same_v<Body, schemas::Trade>;

// In a buffer of exactly the promised bound, so that the address sanitizer sees a byte too many.
template <class Body>
std::string encoded(const schemas::Meta& meta, const Body& body) {
  std::string out;
  if constexpr (kIsBounded<Body>) {
    const std::size_t bound = schemas::encoded_bound(meta, body);
    const auto buffer = std::make_unique<std::byte[]>(bound);
    const std::size_t size = schemas::encode(meta, body, std::span(buffer.get(), bound));
    require(size <= bound);
    out.assign(reinterpret_cast<const char*>(buffer.get()), size);
  } else {
    schemas::encode(meta, body, out);
  }
  return out;
}

template <class Body>
std::string encoded(const schemas::Decoded<Body>& record) {
  return encoded(record.meta, record.body);
}

inline std::string encoded(const schemas::Heartbeat& record) {
  std::string out;
  schemas::encode(record, out);
  return out;
}

inline std::string encoded(const schemas::Claim& record) {
  std::string out;
  schemas::encode(record, out);
  return out;
}

inline std::string encoded(const schemas::Cursor& record) {
  std::string out;
  schemas::encode(record, out);
  return out;
}

inline std::string encoded(const schemas::Subscription& record) {
  std::string out;
  schemas::encode(record, out);
  return out;
}

inline std::string encoded(const schemas::AnyDecoded& record) {
  return std::visit([](const auto& one) { return encoded(one); }, record);
}

}  // namespace millrace::test

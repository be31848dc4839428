#include <fcntl.h>
#include <gtest/gtest.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "ingest/auth/binance_signer.h"
#include "ingest/auth/coinbase_advanced_signer.h"
#include "ingest/auth/kraken_signer.h"
#include "ingest/auth/secret_source.h"
#include "tests/unit/ingest/auth/support.h"

// What a core file of this process would hold: every writable page but those marked "do not dump".

namespace millrace::ingest {
namespace {

using Needle = std::vector<unsigned char>;  // each bit the other way round, so that looking for it does not find it

Needle inverted(const unsigned char* bytes, std::size_t size) {
  Needle needle;
  for (std::size_t i = 0; i < size; ++i) needle.push_back(static_cast<unsigned char>(~bytes[i]));
  return needle;
}

bool contains(const std::vector<unsigned char>& memory, std::size_t size, const Needle& needle) {
  const auto matches = [&](std::size_t at) {
    for (std::size_t i = 0; i < needle.size(); ++i) {
      if (memory[at + i] != static_cast<unsigned char>(~needle[i])) return false;
    }
    return true;
  };
  if (size < needle.size()) return false;
  const unsigned char* const end = memory.data() + size - needle.size() + 1;
  for (const unsigned char* at = memory.data(); at < end; ++at) {  // memchr: a loop takes half a minute under ASan
    at = static_cast<const unsigned char*>(
        std::memchr(at, static_cast<unsigned char>(~needle[0]), static_cast<std::size_t>(end - at)));
    if (at == nullptr) return false;
    if (matches(static_cast<std::size_t>(at - memory.data()))) return true;
  }
  return false;
}

struct Region {
  std::uintptr_t from = 0;
  std::uintptr_t to = 0;
  bool dumped = true;
};

// Without the terabytes that a sanitizer reserves.
std::vector<Region> writable_regions() {
  constexpr std::uintptr_t kLargest = 256U << 20;
  std::vector<Region> regions;
  std::ifstream smaps("/proc/self/smaps");
  std::optional<Region> current;
  for (std::string line; std::getline(smaps, line);) {
    Region region;
    std::array<char, 8> access{};
    if (std::sscanf(line.c_str(), "%lx-%lx %4s", &region.from, &region.to, access.data()) == 3) {
      const bool wanted = access[0] == 'r' && access[1] == 'w' && region.to - region.from <= kLargest;
      current = wanted ? std::optional(region) : std::nullopt;
    } else if (current && line.starts_with("VmFlags:")) {
      current->dumped = line.find(" dd") == std::string::npos;
      regions.push_back(*current);
      current.reset();
    }
  }
  return regions;
}

enum class Where : std::uint8_t { kDumped, kAnywhere };

bool in_memory(const Needle& needle, Where where) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> memory(std::fopen("/proc/self/mem", "rb"), std::fclose);
  constexpr std::size_t kPiece = 1U << 20;
  std::vector<unsigned char> piece(kPiece + 64);
  bool found = false;
  for (const Region& region : writable_regions()) {
    if (where == Where::kDumped && !region.dumped) continue;
    for (std::uintptr_t at = region.from; at < region.to && !found; at += kPiece) {
      const std::size_t wanted = std::min<std::size_t>(region.to - at, piece.size());
      const ssize_t size = pread(fileno(memory.get()), piece.data(), wanted, static_cast<off_t>(at));
      if (size > 0) found = contains(piece, static_cast<std::size_t>(size), needle);
    }
  }
  OPENSSL_cleanse(piece.data(), piece.size());
  return found;
}

// A key file whose content this process has forgotten.
struct KeyFile {
  std::string path;
  Needle raw;
  Needle text;  // 24 characters of its base64
};

KeyFile key_file(const test::TemporaryFolder& folder, std::string_view label, std::string_view before,
                 std::string_view after) {
  constexpr std::size_t kSize = 32;
  std::array<unsigned char, 128> der{};
  std::copy(before.begin(), before.end(), der.begin());
  RAND_bytes(der.data() + before.size(), kSize);
  der[before.size()] &= 0x7f;  // below the order of P-256
  std::copy(after.begin(), after.end(), der.begin() + static_cast<std::ptrdiff_t>(before.size() + kSize));
  std::array<unsigned char, 256> encoded{};
  const std::size_t size = before.size() + kSize + after.size();
  const auto length = static_cast<std::size_t>(EVP_EncodeBlock(encoded.data(), der.data(), static_cast<int>(size)));
  KeyFile made{folder.file("key"), inverted(der.data() + before.size(), kSize),
               inverted(encoded.data() + (before.size() + 2) / 3 * 4, 24)};
  const int file = open(made.path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  const auto put = [file](std::string_view text) {
    EXPECT_EQ(write(file, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  };
  const std::string name(label);
  if (!name.empty()) put("-----BEGIN " + name + "-----\n");
  put({reinterpret_cast<const char*>(encoded.data()), length});
  if (!name.empty()) put("\n-----END " + name + "-----\n");
  close(file);
  OPENSSL_cleanse(der.data(), der.size());
  OPENSSL_cleanse(encoded.data(), encoded.size());
  return made;
}

void expect_hidden(const KeyFile& key, Where where) {
  EXPECT_FALSE(in_memory(key.raw, where));
  EXPECT_FALSE(in_memory(key.text, where));
}

TEST(CoreFile, TheSearchFindsWhatIsThere) {
  std::vector<unsigned char> bytes(40);
  RAND_bytes(bytes.data(), 40);
  const Needle needle = inverted(bytes.data(), 40);
  EXPECT_TRUE(in_memory(needle, Where::kDumped));
  const Secret kept = Secret::copy_of({reinterpret_cast<const char*>(bytes.data()), 40});
  OPENSSL_cleanse(bytes.data(), 40);
  EXPECT_FALSE(in_memory(needle, Where::kDumped));
  EXPECT_TRUE(in_memory(needle, Where::kAnywhere));
}

TEST(CoreFile, AKrakenKey) {
  const test::TemporaryFolder folder;
  const KeyFile key = key_file(folder, "", "", "");
  {
    const auto signer = KrakenSigner::make(Secret::copy_of("api"), load_secret_file(key.path).value());
    ASSERT_TRUE(signer->request("/0/private/Balance", 1, ""));
    expect_hidden(key, Where::kDumped);
    EXPECT_TRUE(in_memory(key.raw, Where::kAnywhere));
  }
  expect_hidden(key, Where::kAnywhere);
}

TEST(CoreFile, AnEd25519Key) {
  const test::TemporaryFolder folder;
  const KeyFile key = key_file(folder, "PRIVATE KEY", test::unhex("302e020100300506032b657004220420"), "");
  {
    const auto signer = BinanceSigner::ed25519(Secret::copy_of("api"), load_secret_file(key.path).value());
    ASSERT_TRUE(signer->signed_query("a=1", {1}));
    expect_hidden(key, Where::kDumped);
  }
  expect_hidden(key, Where::kAnywhere);
}

TEST(CoreFile, AP256Key) {
  const test::TemporaryFolder folder;
  const KeyFile key =
      key_file(folder, "EC PRIVATE KEY", test::unhex("30310201010420"), test::unhex("a00a06082a8648ce3d030107"));
  {
    const auto signer = CoinbaseAdvancedSigner::make(Secret::copy_of("name"), load_secret_file(key.path).value());
    ASSERT_TRUE(signer->token(1, std::string(16, 'r')));
    expect_hidden(key, Where::kDumped);
  }
  expect_hidden(key, Where::kAnywhere);
}

}  // namespace
}  // namespace millrace::ingest

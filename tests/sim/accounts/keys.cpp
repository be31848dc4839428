#include "tests/sim/accounts/keys.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "tests/sim/accounts/crypto.h"
#include "tests/sim/accounts/ids.h"

namespace millrace::sim::accounts {

namespace {

std::string bytes_of(std::uint64_t seed, std::size_t size) {
  return word('K', seed, static_cast<std::int64_t>(size), size);
}

std::string read_key(const std::string& path) {
  struct stat about {};
  if (stat(path.c_str(), &about) != 0) throw std::runtime_error(fmt::format("cannot read {}", path));
  if ((about.st_mode & 077) != 0) throw std::runtime_error(fmt::format("{} may be read by others: chmod 600", path));
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) throw std::runtime_error(fmt::format("cannot read {}", path));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

void write_key(const std::string& path, const std::string& text) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) throw std::runtime_error(fmt::format("cannot write {}: {}", path, std::strerror(errno)));
  const bool written = write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (close(file) != 0 || !written) throw std::runtime_error(fmt::format("cannot write {}", path));
}

bool exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

std::uint64_t true_randomness() {
  std::uint64_t seed = 0;
  const std::string bytes = random_bytes(sizeof seed);
  std::memcpy(&seed, bytes.data(), sizeof seed);
  return seed;
}

}  // namespace

AccountKeys make_keys(std::string_view venue, std::uint64_t seed, bool ed25519) {
  if (venue == "kraken") return {word('k', seed, 1, 56), to_base64(bytes_of(seed, 64)), ""};
  if (venue == "coinbase-exchange")
    return {uuid('k', seed, 1).substr(0, 32), to_base64(bytes_of(seed, 64)), word('p', seed, 1, 11)};
  if (venue == "coinbase-advanced") {
    return {fmt::format("organizations/{}/apiKeys/{}", uuid('o', seed, 1), uuid('k', seed, 1)),
            ClientKey::make_p256().pem(), ""};
  }
  if (venue == "alpaca") return {"PK" + word('k', seed, 1, 18), word('s', seed, 1, 40), ""};
  AccountKeys keys{word('k', seed, 1, 64), word('s', seed, 1, 64), ""};
  if (ed25519) keys.secret = ClientKey::ed25519(bytes_of(seed, 32)).value().pem();
  return keys;
}

AccountKeys keys_in_files(const std::string& prefix, std::string_view venue) {
  const std::string key = prefix + ".key";
  const std::string secret = prefix + ".secret";
  const std::string passphrase = prefix + ".passphrase";
  if (exists(key)) return {read_key(key), read_key(secret), exists(passphrase) ? read_key(passphrase) : ""};
  AccountKeys keys = make_keys(venue, true_randomness());
  write_key(key, keys.api_key);
  write_key(secret, keys.secret);
  if (!keys.passphrase.empty()) write_key(passphrase, keys.passphrase);
  return keys;
}

}  // namespace millrace::sim::accounts

#include "ingest/auth/secret_source.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <system_error>

#include "ingest/auth/owned_file.h"

namespace millrace::ingest {
namespace {

constexpr std::size_t kLargest = 64 * 1024;

AuthError failed(AuthErrc code, const std::string& what, const std::string& why) { return {code, what + ": " + why}; }

AuthResult<void> check_access(const std::string& path, const struct stat& status) {
  if (!S_ISREG(status.st_mode)) return failed(AuthErrc::kUnreadable, path, "not a regular file");
  const bool ours = status.st_uid == geteuid();
  const bool others = (status.st_mode & S_IRWXO) != 0;
  const bool group = (status.st_mode & (ours ? S_IRWXG : S_IWGRP)) != 0;
  if (others || group) {
    return failed(AuthErrc::kExposed, path,
                  "other users may open this key; chmod 600 it, and replace the key if they did");
  }
  return {};
}

// Until the buffer is full or the file ends.
AuthResult<std::size_t> read_into(int file, std::span<char> out, const std::string& path) {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t count = read(file, out.data() + done, out.size() - done);
    if (count == 0) break;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed(AuthErrc::kUnreadable, path, std::generic_category().message(errno));
    done += static_cast<std::size_t>(count);
  }
  return done;
}

void drop_line_break(Secret& secret) {
  if (secret.reveal().ends_with('\n')) secret.truncate(secret.size() - 1);
  if (secret.reveal().ends_with('\r')) secret.truncate(secret.size() - 1);
}

AuthResult<Secret> whole(Secret secret, const std::string& what) {
  if (secret.size() > kLargest) return failed(AuthErrc::kTooLarge, what, "over 64 KiB is no key");
  drop_line_break(secret);
  if (secret.empty()) return failed(AuthErrc::kEmpty, what, "is empty");
  return secret;
}

}  // namespace

AuthResult<Secret> load_secret_file(const std::string& path) {
  // O_NONBLOCK: opening a pipe that nobody writes must not hang; it is refused below.
  const OwnedFile file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!file) {
    const int error = errno;
    return failed(error == ENOENT ? AuthErrc::kNotFound : AuthErrc::kUnreadable, path,
                  std::generic_category().message(error));
  }
  struct stat status {};
  if (fstat(file.get(), &status) != 0) {
    return failed(AuthErrc::kUnreadable, path, std::generic_category().message(errno));
  }
  if (const auto allowed = check_access(path, status); !allowed) return allowed.error();
  Secret secret(kLargest + 1);
  const auto size = read_into(file.get(), secret.bytes(), path);
  if (!size) return size.error();
  secret.truncate(*size);
  // A copy of its own length: the buffer is a sixteenth of the secure heap.
  return whole(Secret::copy_of(secret.reveal()), path);
}

AuthResult<Secret> take_secret_variable(const std::string& name) {
  char* value = std::getenv(name.c_str());
  if (value == nullptr) {
    return failed(AuthErrc::kNotFound, "environment variable " + name, "is not set, or its key was taken before");
  }
  const std::size_t size = std::strlen(value);
  Secret secret = Secret::copy_of({value, std::min(size, kLargest + 1)});
  OPENSSL_cleanse(value, size);
  unsetenv(name.c_str());
  return whole(std::move(secret), "environment variable " + name);
}

}  // namespace millrace::ingest

#include "ingest/auth/nonce_source.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <optional>
#include <string_view>
#include <system_error>

namespace millrace::ingest {
namespace {

constexpr std::uint64_t kAhead = 60'000'000'000;  // ns
// The venue's counter is unsigned with 64 bits; far from its end nothing here overflows.
constexpr std::uint64_t kHighest = std::numeric_limits<std::int64_t>::max();

// What the file says.
struct State {
  std::uint64_t reserved = 0;  // every nonce handed out is below
  std::uint64_t last = 0;      // the last one handed out, or the first free one less 1
};

// Against single wrong digits, not against malice: 64-bit FNV-1a.
std::uint64_t checksum(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

// One line of fixed length, so that rewriting it never leaves a rest of the old one.
std::string to_text(const State& state) {
  std::array<char, 128> line;
  const int length =
      std::snprintf(line.data(), line.size(), "millrace nonce 1 reserved %020" PRIu64 " last %020" PRIu64,
                    state.reserved, state.last);
  std::string text(line.data(), static_cast<std::size_t>(length));
  std::snprintf(line.data(), line.size(), " check %016" PRIx64 "\n", checksum(text));
  return text + line.data();
}

// The only accepted text is the one that to_text() writes.
std::optional<State> from_text(const std::string& text) {
  State state;
  if (std::sscanf(text.c_str(), "millrace nonce 1 reserved %20" SCNu64 " last %20" SCNu64, &state.reserved,
                  &state.last) != 2) {
    return std::nullopt;
  }
  if (text != to_text(state) || state.last >= state.reserved || state.reserved > kHighest) return std::nullopt;
  return state;
}

AuthError system_error(const std::string& path, const char* what) {
  return {AuthErrc::kUnreadable, path + ": " + what + ": " + std::generic_category().message(errno)};
}

// flock(2), held for one change of the file.
class Lock {
 public:
  explicit Lock(int file) : file_(file) {
    do {
      held_ = flock(file, LOCK_EX) == 0;
    } while (!held_ && errno == EINTR);
  }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  ~Lock() {
    if (held_) flock(file_, LOCK_UN);
  }

  explicit operator bool() const { return held_; }

 private:
  int file_;
  bool held_ = false;
};

AuthResult<State> read_state(int file, const std::string& path) {
  std::array<char, 256> bytes;
  const ssize_t size = pread(file, bytes.data(), bytes.size(), 0);
  if (size < 0) return system_error(path, "reading");
  const auto state = from_text(std::string(bytes.data(), static_cast<std::size_t>(size)));
  if (!state) {
    return AuthError{AuthErrc::kNonceDamaged,
                     path +
                         ": is not a nonce file, or it is damaged; restore it, or move it away to go on from the "
                         "clock, which the venue refuses if higher nonces were used with this key"};
  }
  return *state;
}

AuthResult<void> write_state(int file, const std::string& path, const State& state, bool durable) {
  const std::string text = to_text(state);
  if (pwrite(file, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    return system_error(path, "writing");
  }
  if (durable && fsync(file) != 0) return system_error(path, "fsync");
  return {};
}

AuthResult<void> check_clock(std::int64_t now_ns) {
  if (now_ns > 0 && static_cast<std::uint64_t>(now_ns) < kHighest - kAhead) return {};
  return AuthError{AuthErrc::kBadArgument, "nonce: the clock is outside 1970 to 2262"};
}

// Puts `before` back if `after` may not have reached the disk: nobody may count on a reservation that a crash forgets.
AuthResult<void> reserve_state(int file, const std::string& path, const State& before, const State& after) {
  auto written = write_state(file, path, after, true);
  if (!written) static_cast<void>(write_state(file, path, before, false));
  return written;
}

// The name of a new file must survive a crash, too.
AuthResult<void> sync_folder(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path();
  const OwnedFile folder(open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || fsync(folder.get()) != 0) return system_error(path, "fsync of its folder");
  return {};
}

// A complete file comes into being at once, under its name or not at all: an empty one is always damage. That another
// process was quicker is no error.
AuthResult<void> create(const std::string& path, std::int64_t now_ns) {
  std::string unfinished = path + ".XXXXXX";
  const OwnedFile file(mkostemp(unfinished.data(), O_CLOEXEC));
  if (!file) return system_error(path, "creating");
  const auto now = static_cast<std::uint64_t>(now_ns);
  const auto written = write_state(file.get(), path, {.reserved = now, .last = now - 1}, true);
  const bool linked = written && (link(unfinished.c_str(), path.c_str()) == 0 || errno == EEXIST);
  const int why = errno;
  unlink(unfinished.c_str());
  if (!written) return written.error();
  errno = why;
  if (!linked) return system_error(path, "creating");
  return sync_folder(path);
}

AuthResult<OwnedFile> open_or_create(const std::string& path, std::int64_t now_ns) {
  constexpr int kFlags = O_RDWR | O_CLOEXEC | O_NOCTTY;
  OwnedFile file(open(path.c_str(), kFlags));
  if (!file && errno == ENOENT) {
    if (const auto made = create(path, now_ns); !made) return made.error();
    file = OwnedFile(open(path.c_str(), kFlags));
  }
  if (!file) return system_error(path, "opening");
  return file;
}

}  // namespace

AuthResult<NonceSource> NonceSource::open(std::string path, std::int64_t now_ns) {
  if (const auto fit = check_clock(now_ns); !fit) return fit.error();
  auto file = open_or_create(path, now_ns);
  if (!file) return file.error();
  const Lock lock(file->get());
  if (!lock) return system_error(path, "locking");
  const auto state = read_state(file->get(), path);
  if (!state) return state.error();
  const std::uint64_t from = std::max(state->reserved, static_cast<std::uint64_t>(now_ns));
  const State started{.reserved = from + kAhead, .last = from - 1};
  if (const auto written = reserve_state(file->get(), path, *state, started); !written) return written.error();
  return NonceSource(std::move(path), std::move(*file));
}

AuthResult<std::uint64_t> NonceSource::next(std::int64_t now_ns) {
  if (const auto fit = check_clock(now_ns); !fit) return fit.error();
  const Lock lock(file_.get());
  if (!lock) return system_error(path_, "locking");
  struct stat status {};
  if (fstat(file_.get(), &status) != 0) return system_error(path_, "looking at it");
  if (status.st_nlink == 0) {
    return AuthError{AuthErrc::kNonceReplaced, path_ + ": was removed or replaced while in use; restart to go on"};
  }
  const auto state = read_state(file_.get(), path_);
  if (!state) return state.error();
  State after = *state;
  after.last = std::max(state->last + 1, static_cast<std::uint64_t>(now_ns));
  const bool used_up = after.last >= state->reserved;
  if (used_up) after.reserved = after.last + kAhead;
  const auto written =
      used_up ? reserve_state(file_.get(), path_, *state, after) : write_state(file_.get(), path_, after, false);
  if (!written) return written.error();
  return after.last;
}

}  // namespace millrace::ingest

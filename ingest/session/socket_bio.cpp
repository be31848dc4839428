#include "ingest/session/socket_bio.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

namespace millrace::ingest {
namespace {

struct Pipe {
  int fd;
  std::size_t begin = 0;
  std::size_t end = 0;
  bool emptied = false;  // the socket had nothing more after the last receive
  bool ended = false;    // the peer has closed
  std::array<char, 32 * 1024> bytes;

  explicit Pipe(int socket) : fd(socket) {}  // the buffer stays uninitialized
};

Pipe& pipe_of(BIO* bio) { return *static_cast<Pipe*>(BIO_get_data(bio)); }

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

// Fills the empty buffer. What recv(2) says if nothing came. A receive that filled only part of the buffer has emptied
// the socket: the next call would be a system call for nothing, and the wait that follows tells when there is more.
ssize_t refill(BIO* bio, Pipe& pipe) {
  const bool known_empty = std::exchange(pipe.emptied, false);
  if (known_empty) errno = EAGAIN;
  const ssize_t count = known_empty ? -1 : recv(pipe.fd, pipe.bytes.data(), pipe.bytes.size(), 0);
  if (count < 0 && would_block()) BIO_set_retry_read(bio);
  if (count <= 0) {
    pipe.ended = count == 0;
    return count;
  }
  pipe.begin = 0;
  pipe.end = static_cast<std::size_t>(count);
  pipe.emptied = pipe.end < pipe.bytes.size();
  return count;
}

// Hands out from the buffer first. 0 and less are recv's own answer, with the retry flag telling OpenSSL which of them
// pass.
int read_some(BIO* bio, char* into, int most) {
  Pipe& pipe = pipe_of(bio);
  BIO_clear_retry_flags(bio);
  if (pipe.begin == pipe.end) {
    const ssize_t got = refill(bio, pipe);
    if (got <= 0) return static_cast<int>(got);
  }
  const std::size_t count = std::min(static_cast<std::size_t>(most), pipe.end - pipe.begin);
  std::memcpy(into, pipe.bytes.data() + pipe.begin, count);
  pipe.begin += count;
  return static_cast<int>(count);
}

int write_some(BIO* bio, const char* from, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t count = send(pipe_of(bio).fd, from, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (count < 0 && would_block()) BIO_set_retry_write(bio);
  return static_cast<int>(count);
}

// OpenSSL asks for a flush after each write, and whether an end of file was real.
long control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  return command == BIO_CTRL_EOF && pipe_of(bio).ended ? 1 : 0;
}

int destroy(BIO* bio) {
  delete static_cast<Pipe*>(BIO_get_data(bio));
  BIO_set_data(bio, nullptr);
  return 1;
}

// Made once per process: OpenSSL wants an index for each kind of BIO.
const BIO_METHOD* method() {
  static const std::unique_ptr<BIO_METHOD, void (*)(BIO_METHOD*)> made = [] {
    BIO_METHOD* all = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "millrace socket");
    BIO_meth_set_read(all, read_some);
    BIO_meth_set_write(all, write_some);
    BIO_meth_set_ctrl(all, control);
    BIO_meth_set_destroy(all, destroy);
    return std::unique_ptr<BIO_METHOD, void (*)(BIO_METHOD*)>(all, BIO_meth_free);
  }();
  return made.get();
}

}  // namespace

// One buffer of 32 KiB per TLS connection, freed with the SSL object.
BIO* make_socket_bio(int fd) {
  auto pipe = std::make_unique<Pipe>(fd);
  BIO* bio = BIO_new(method());
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, pipe.release());
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace millrace::ingest

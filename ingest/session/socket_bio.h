#pragma once

#include <openssl/bio.h>

namespace millrace::ingest {

// OpenSSL's way to the non-blocking socket `fd` (not owned): reads 32 KB at a time into a buffer of its own and hands
// out from there. OpenSSL's own read-ahead moves all that is left in its buffer for each record of 128 bytes or more,
// which costs a third of a small record's decryption. A read that did not fill the buffer has emptied the socket, so
// the next one says "would block" without asking the kernel. Writes do not raise SIGPIPE. Null if there is no memory.
BIO* make_socket_bio(int fd);

}  // namespace millrace::ingest

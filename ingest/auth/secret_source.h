#pragma once

#include <string>

#include "ingest/auth/auth_error.h"
#include "ingest/auth/secret.h"

namespace millrace::ingest {

// Where keys come from: files and the environment, never the command line, which every user of the machine can read.

// Reads a whole file without the line break at its end. Refused are files that other users may read or write, and
// files of ours that a group may: `chmod 600`. A file of somebody else that a group may read is how an orchestrator
// hands a secret to one service (root's, 0440), and is accepted.
// Errors: kNotFound, kUnreadable, kExposed, kEmpty, kTooLarge (64 KiB).
AuthResult<Secret> load_secret_file(const std::string& path);

// Takes a variable out of the environment: its bytes are overwritten where they stand, so that neither
// /proc/PID/environ nor a core file shows them, and a second call finds nothing. Start-up only, before other threads
// read the environment. Errors: kNotFound, kEmpty, kTooLarge.
AuthResult<Secret> take_secret_variable(const std::string& name);

}  // namespace millrace::ingest

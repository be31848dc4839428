#pragma once

#include <CLI/CLI.hpp>
#include <functional>

// One subcommand a file: `void add_NAME(CLI::App& app, Action& action)` declares its options on the program and, when
// the user picks it, leaves in `action` what to run. The list of them is commands.def.
namespace millrace::cli {

// Exit statuses of every subcommand.
inline constexpr int kOk = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;      // wrong flag, file or configuration
inline constexpr int kTakenOver = 3;  // a newer instance has the work

using Action = std::function<int()>;

// Each add_NAME is called once, before the arguments are parsed. `action` must keep what it needs: the options it
// points to live in what it captured.
#define COMMAND(name) void add_##name(CLI::App& app, Action& action);
#include "cli/commands.def"
#undef COMMAND

}  // namespace millrace::cli

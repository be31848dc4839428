#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <stdexcept>

// One subcommand a file: `void add_NAME(CLI::App& app, Action& action)` declares its options on the program and, when
// the user picks it, leaves in `action` what to run. The list of them is commands.def.
namespace millrace::cli {

// Exit statuses of every subcommand.
inline constexpr int kOk = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;      // wrong flag, file or configuration
inline constexpr int kTakenOver = 3;  // a newer instance has the work

// A wrong flag or file that is only found once the command runs; main() makes it one line and kUsage.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Whole numbers with a bound that no sum or product of theirs can overflow: a year in seconds, and as many records.
// CLI11's own NonNegativeNumber takes fractions and tells of a bound with 309 digits.
inline constexpr std::int64_t kYearSeconds = 31'536'000;
inline CLI::Range from_zero_to(std::int64_t most) { return {std::int64_t{0}, most}; }
inline CLI::Range from_one_to(std::int64_t most) { return {std::int64_t{1}, most}; }

using Action = std::function<int()>;

// Each add_NAME is called once, before the arguments are parsed. `action` must keep what it needs: the options it
// points to live in what it captured.
#define COMMAND(name) void add_##name(CLI::App& app, Action& action);
#include "cli/commands.def"
#undef COMMAND

}  // namespace millrace::cli

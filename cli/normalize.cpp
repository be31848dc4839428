// millrace normalize: capture files in, normalized records out, offline.

#include <cstdio>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>

#include "cli/command.h"
#include "cli/flag_values.h"
#include "cli/normalize/output.h"
#include "cli/normalize/run_normalize.h"
#include "cli/normalize/venue_choice.h"

namespace millrace::cli {
namespace {

struct NormalizeFlags {
  NormalizeOptions run;
  normalize::VenueOptions venue_options;
  std::string venue;
  std::string output;
  bool strict = false;
};

int usage(const std::exception& error) {
  std::fprintf(stderr, "millrace normalize: %s\n", error.what());
  return kUsage;
}

// Frames that cannot be read are told and gone past; only --strict makes them an error, as recordings of the wild
// always have some.
int run(const NormalizeFlags& options) try {
  const auto venue = choose_venue(options.venue, options.run.captures, options.venue_options);
  Output output{options.output};
  const std::int64_t bad = run_normalize(
      options.run, *venue, [&](std::string_view bytes) { output.write(bytes); },
      [](std::string_view line) { std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data()); });
  output.finish();
  return bad > 0 && options.strict ? kFailed : kOk;
} catch (const std::invalid_argument& error) {
  return usage(error);
}

std::string check_capture(const std::string& path) { return path == "-" ? "" : CLI::ExistingFile(path); }

}  // namespace

void add_normalize(CLI::App& app, Action& action) {
  const auto options = std::make_shared<NormalizeFlags>();
  CLI::App* command =
      app.add_subcommand("normalize", "Read capture files offline: JSON lines, protobuf or a summary out");
  command
      ->add_option("CAPTURE", options->run.captures, "capture files, plain or .zst, read in order; - is standard input")
      ->required()
      ->check(check_capture);
  command->add_option("--venue", options->venue, "whose messages they are (default: the name of the captures' folder)");
  command
      ->add_option("--instruments", options->run.instruments, "the venue's instruments answer, for captures without it")
      ->check(CLI::ExistingFile);
  auto* format = command->add_option_group("format");
  format->add_flag_callback(
      "--json", [options] { options->run.format = NormalizeFormat::kJson; }, "JSON lines (default)");
  format->add_flag_callback(
      "--proto", [options] { options->run.format = NormalizeFormat::kProto; },
      "length-delimited millrace.v1.Record messages");
  format->add_flag_callback(
      "--summary", [options] { options->run.format = NormalizeFormat::kSummary; },
      "one JSON object with counts, sums and final books");
  format->require_option(0, 1);
  command->add_option("--dataset", options->run.datasets, "only this dataset; may be given several times")
      ->allow_extra_args(false)  // what follows is a capture
      ->check(check_dataset);
  command->add_flag("--bbo-book", options->venue_options.bbo_from_book, "also derive dataset bbo-book from the books");
  command->add_option("-o,--output", options->output, "a file instead of standard output");
  command->add_flag("--strict", options->strict, "exit with 1 if any frame could not be read");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace millrace::cli

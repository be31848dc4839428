// `millrace subscriptions`: what the workers of a group are to serve, which of them does, and how it stands.

#include <cstdio>
#include <memory>
#include <string>

#include "cli/command.h"
#include "cli/read_wanted.h"
#include "cli/reader_options.h"
#include "cli/subscribe/wanted.h"
#include "cli/subscribe/wish.h"

namespace millrace::cli {
namespace {

struct SubscriptionsOptions {
  ReaderFlags reader;
  std::string venue;
  bool json = false;
};

int run(const SubscriptionsOptions& options) {
  if (!options.venue.empty()) {
    if (const std::string text = venue_problem(options.venue); !text.empty()) throw UsageError(text);
  }
  ReaderSetup setup;
  if (!resolve(options.reader, setup)) return kUsage;
  const auto rows = read_wanted(setup, WithStates::kYes, options.venue).rows(options.venue);
  std::fputs((options.json ? wanted_json(rows) : wanted_table(rows)).c_str(), stdout);
  return kOk;
}

}  // namespace

void add_subscriptions(CLI::App& app, Action& action) {
  auto* subscriptions = app.add_subcommand("subscriptions", "Show what is subscribed, who serves it and its state");
  const auto options = std::make_shared<SubscriptionsOptions>();
  subscriptions->add_option("VENUE", options->venue, "only this venue");
  add_reader_flags(*subscriptions, options->reader);
  subscriptions->add_flag("--json", options->json, "a JSON object a line");
  subscriptions->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace millrace::cli

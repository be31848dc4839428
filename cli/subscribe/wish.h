#pragma once

#include <istream>
#include <string>
#include <vector>

#include "schemas/events/ops.h"

namespace millrace::cli {

// What the user wants to have, or no longer.
struct Wish {
  std::string venue;
  std::vector<std::string> symbols;   // the venue's spelling
  std::vector<std::string> datasets;  // empty = those that the workers' configuration names for the venue
};

// Appends the symbols of a text, one a line; blank lines, blanks around a symbol and lines that begin with '#' count
// for nothing.
void append_symbols(std::istream& lines, std::vector<std::string>& symbols);

// What is wrong with a venue's name, one line; empty: this build knows it.
std::string venue_problem(const std::string& venue);

// What is wrong with a wish as far as it can be known without asking anybody, one line; empty: nothing. Whether the
// venue has the symbols is for the worker to find out.
std::string problem(const Wish& wish);

// A record of the topic, as bytes. Without a value it takes the subscription back.
struct SubscriptionRecord {
  std::string key;
  std::string value;
};
// One for each symbol that the wish names, in its order, however often it names it.
std::vector<SubscriptionRecord> records_of(const Wish& wish, schemas::UnixNanos now, const std::string& by);
std::vector<SubscriptionRecord> removals_of(const Wish& wish);

}  // namespace millrace::cli

#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::ingest {

// A position in the configuration file, from 1; and what stands there, before environment references are replaced, so
// that no message shows a secret.
struct Place {
  int line = 1;
  int column = 1;
  std::string shown;
  bool broken = false;  // a problem with it has been told
};

// One thing that is wrong with a configuration.
struct Problem {
  Place place;
  std::string text;
  bool missing_file = false;  // all that is wrong: a file that it names cannot be read
};

// Where each setting was found: "kafka.brokers", "venues[0].symbols[2]".
using Places = std::map<std::string, Place>;

// "FILE:LINE:COLUMN: TEXT", in the order of the file.
std::string to_text(std::string_view file, const Problem& problem);

// The candidate that `word` most likely means; empty if none is near.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);
// ", did you mean "WORD"?" or nothing.
std::string suggestion(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace millrace::ingest

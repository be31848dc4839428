#pragma once

#include <string>
#include <vector>

#include "schemas/codec/decode.h"

namespace millrace::schemas::testing {

// One golden record: tests/golden/<message>.v1/<name>.bin.
struct GoldenSample {
  std::string message;
  std::string name;
  AnyDecoded record;
};

// Records as the venues make them, for files that do not exist yet. A file once committed is never written again, so a
// record that is changed here needs a new name.
std::vector<GoldenSample> golden_samples();

// The part of them that is about accounts.
std::vector<GoldenSample> golden_account_samples();

}  // namespace millrace::schemas::testing

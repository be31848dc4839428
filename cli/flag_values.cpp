#include "cli/flag_values.h"

#include <fmt/format.h>

#include "cli/command.h"
#include "normalize/symbols/dataset.h"
#include "replay/history/selection.h"

namespace millrace::cli {

std::string check_dataset(const std::string& name) {
  if (normalize::dataset_from_name(name)) return {};
  return fmt::format("unknown dataset \"{}\": see `millrace capabilities`", name);
}

schemas::UnixNanos time_of(const char* flag, const std::string& text) {
  if (const auto time = history::parse_time(text)) return *time;
  throw UsageError(fmt::format("{} wants a time such as 2026-11-22T01:02:03.5Z, or nanoseconds since 1970", flag));
}

}  // namespace millrace::cli

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ingest/config/load.h"
#include "tests/fuzz/encoding.h"

// Any text as a configuration: problems with a place, never an exception.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto environment = [](std::string_view name) -> std::optional<std::string> {
    if (name == "SET") return "value";
    return std::nullopt;
  };
  const auto loaded = millrace::ingest::load({reinterpret_cast<const char*>(data), size}, environment);
  for (const auto& problem : loaded.problems) {
    millrace::test::require(!problem.text.empty());
    static_cast<void>(to_text("file", problem));
  }
  if (!loaded.problems.empty()) return 0;
  for (const auto& venue : loaded.config.venues) {
    static_cast<void>(venue_options(venue));
    millrace::test::require(wanted_streams(venue).size() == venue.symbols.size() * venue.datasets.size());
  }
  return 0;
}

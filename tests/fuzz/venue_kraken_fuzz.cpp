#include <array>
#include <cstdint>
#include <string_view>

#include "tests/fuzz/venue_run.h"

// Frames and reference data of Kraken's v2 market channels.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::array<std::string_view, 1> kVenues = {"kraken"};
  millrace::test::run_venue(kVenues, {reinterpret_cast<const char*>(data), size});
  return 0;
}

#include <array>
#include <cstdint>
#include <string_view>

#include "tests/fuzz/venue_run.h"

// Frames, snapshots and reference data of the four Binance venues, by the first byte.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::array<std::string_view, 4> kVenues = {"binance-spot", "binance-usdm", "binance-coinm",
                                                              "binance-us"};
  millrace::test::run_venue(kVenues, {reinterpret_cast<const char*>(data), size});
  return 0;
}

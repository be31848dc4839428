#include "tests/sim/accounts/knobs.h"

#include <fmt/format.h>

#include <array>
#include <iterator>

namespace millrace::sim::accounts {

namespace {

struct Chance {
  std::string_view name;
  double Knobs::*field;
  double most;
};
constexpr std::array kChances{
    Chance{"rate", &Knobs::rate, 1e6},
    Chance{"only_fills", &Knobs::only_fills, 1},
    Chance{"burst", &Knobs::burst, 1},
    Chance{"drop", &Knobs::drop, 1},
    Chance{"lose", &Knobs::lose, 1},
    Chance{"duplicate", &Knobs::duplicate, 1},
    Chance{"reorder", &Knobs::reorder, 1},
    Chance{"cut", &Knobs::cut, 1},
    Chance{"silent", &Knobs::silent, 1},
    Chance{"between_pages", &Knobs::between_pages, 1},
    Chance{"status_401", &Knobs::status_401, 1},
    Chance{"status_403", &Knobs::status_403, 1},
    Chance{"status_429", &Knobs::status_429, 1},
    Chance{"status_500", &Knobs::status_500, 1},
    Chance{"status_503", &Knobs::status_503, 1},
    Chance{"html_200", &Knobs::html_200, 1},
    Chance{"cut_page", &Knobs::cut_page, 1},
    Chance{"torn_page", &Knobs::torn_page, 1},
    Chance{"bust", &Knobs::bust, 1},
};

struct Whole {
  std::string_view name;
  std::int64_t Knobs::*field;
  std::int64_t least;
};
constexpr std::int64_t kNever = -(std::int64_t{1} << 62);
constexpr std::array kWholes{
    Whole{"rest_lag_ns", &Knobs::rest_lag_ns, 0},
    Whole{"rest_lag_spread_ns", &Knobs::rest_lag_spread_ns, 0},
    Whole{"page_size", &Knobs::page_size, 0},
    Whole{"retry_after_s", &Knobs::retry_after_s, 0},
    Whole{"clock_skew_ns", &Knobs::clock_skew_ns, kNever},
    Whole{"token_life_ns", &Knobs::token_life_ns, 0},
    Whole{"key_revoked", &Knobs::key_revoked, 0},
    Whole{"address_refused", &Knobs::address_refused, 0},
    Whole{"limits", &Knobs::limits, 0},
};

}  // namespace

bool set_knob(Knobs& knobs, std::string_view name, double value) {
  for (const Chance& one : kChances) {
    if (one.name != name) continue;
    if (!(value >= 0 && value <= one.most)) return false;
    knobs.*one.field = value;
    return true;
  }
  for (const Whole& one : kWholes) {
    if (one.name != name) continue;
    // Every whole number that a double holds exactly.
    const bool whole =
        value >= -9e15 && value <= 9e15 && static_cast<double>(static_cast<std::int64_t>(value)) == value;
    if (!whole || static_cast<std::int64_t>(value) < one.least) return false;
    knobs.*one.field = static_cast<std::int64_t>(value);
    return true;
  }
  return false;
}

std::string to_json(const Knobs& knobs) {
  std::string out = "{";
  for (const Chance& one : kChances) {
    fmt::format_to(std::back_inserter(out), R"({}"{}":{})", out.size() > 1 ? "," : "", one.name, knobs.*one.field);
  }
  for (const Whole& one : kWholes) fmt::format_to(std::back_inserter(out), R"(,"{}":{})", one.name, knobs.*one.field);
  return out + "}";
}

}  // namespace millrace::sim::accounts

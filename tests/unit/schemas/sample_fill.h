#pragma once

#include <optional>

#include "tests/unit/schemas/samples.h"

// How the fields of a sample are decided: the optional ones, and the bodies of the account messages.
namespace millrace::schemas::testing {

template <class T, class Make>
void maybe(Dice& dice, std::optional<T>& out, Make make) {
  if (dice.present()) out = make();
}

inline void maybe(Dice& dice, std::optional<std::int64_t>& out) {
  maybe(dice, out, [&] { return dice.int64(); });
}

inline void maybe(Dice& dice, std::optional<std::int32_t>& out) {
  maybe(dice, out, [&] { return dice.int32(); });
}

// A number of either form; the full sample alternates so that both are seen.
inline void maybe(Dice& dice, std::optional<WideDecimal>& out) {
  maybe(dice, out, [&] {
    if (dice.int64() % 3 == 0) return WideDecimal{{}, "1234567890123456789012345.5"};
    return WideDecimal{{dice.int64(), dice.exponent()}, {}};
  });
}

void fill(Dice& dice, Execution& body, DecodedStorage& storage, std::size_t levels);
void fill(Dice& dice, Balance& body, DecodedStorage& storage, std::size_t levels);
void fill(Dice& dice, Recovery& body, DecodedStorage& storage, std::size_t levels);
AnyDecoded cursor_sample(Dice& dice);

}  // namespace millrace::schemas::testing

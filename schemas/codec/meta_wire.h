#pragma once

#include <cstddef>
#include <cstdint>

#include "schemas/events/meta.h"

// Meta as field 1 of an event, shared by all encoders of this folder.
namespace millrace::schemas::wire {

// An upper bound of what put_meta writes, including wire::kSlack.
std::size_t meta_bound(const Meta& meta) noexcept;

// Writes tag, length and body at `at`; returns the end. `meta.stream` must not be null. Fields 1 to 4 are copied from
// its encoded block as they are.
std::uint8_t* put_meta(std::uint8_t* at, const Meta& meta) noexcept;

// Bound in bytes, and body (without tag and length), of one gap mark. Its reason must be UTF-8.
std::size_t gap_mark_bound(const GapMark& mark) noexcept;
std::uint8_t* put_gap_mark(std::uint8_t* at, const GapMark& mark) noexcept;

}  // namespace millrace::schemas::wire

#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

namespace millrace::normalize {

// Every way in which a frame can fail to become events. reaction_to() says what the session does about each. The words
// are metric labels: a new code is a new time series, so there are few and they are fixed.
enum class Errc : std::uint8_t {
  kBadJson = 1,        // not JSON, or cut short
  kMissingField,       // a field that the venue documents is absent
  kWrongType,          // a field has another JSON type than documented
  kBadNumber,          // not a decimal, or more digits than 64 bits hold
  kBadTime,            // not a time the venue documents
  kUnknownInstrument,  // a symbol that nobody subscribed to and no reference data names
  kTooLarge,           // more levels, rows or bytes than the bound
  kSequenceGap,        // the venue's sequence jumped: this instrument's book is wrong from here on
  kBadChecksum,        // our book and the venue's checksum disagree
  kRefused,            // the venue said no (symbol, limit): trying the same again will not help
};

// What the shell does about an error. Where a resync is needed, the adapter has declared the hole and put what to send
// into Commands already; reconnecting is the shell's.
enum class Reaction : std::uint8_t {
  kQuarantine,  // keep a sample, count, go on
  kResync,      // this instrument only; the adapter has put what to do into Commands
  kReport,      // a status for the stream; no retry by itself
};

std::string_view name(Errc code) noexcept;  // "bad_json" ...: the reason label of metrics
Reaction reaction_to(Errc code) noexcept;

// An error with its place, such as "data[0].bids[3].price". `where` is for people and may hold the venue's own words
// (kRefused); it goes into records and logs, never into a metric label.
struct Error {
  Errc code;
  std::string where;

  friend bool operator==(const Error&, const Error&) = default;
};

// A value or an Error; `if (!result) return result.error();` hands it on. value() on an error throws: start-up and
// tests only.
template <class T>
using Result = boost::system::result<T, Error>;

[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& where);

}  // namespace millrace::normalize

#include "normalize/error.h"

#include <stdexcept>

namespace millrace::normalize {

// Part of the metrics' and the quarantine topic's contract: never rename one.
std::string_view name(Errc code) noexcept {
  switch (code) {
    case Errc::kBadJson:
      return "bad_json";
    case Errc::kMissingField:
      return "missing_field";
    case Errc::kWrongType:
      return "wrong_type";
    case Errc::kBadNumber:
      return "bad_number";
    case Errc::kBadTime:
      return "bad_time";
    case Errc::kUnknownInstrument:
      return "unknown_instrument";
    case Errc::kTooLarge:
      return "too_large";
    case Errc::kSequenceGap:
      return "sequence_gap";
    case Errc::kBadChecksum:
      return "bad_checksum";
    case Errc::kRefused:
      return "refused";
  }
  return "unknown";
}

// One table, so that no caller invents its own policy. A wrong or unknown field costs one frame, as venues add both
// without notice; a broken chain or checksum costs one instrument.
// No error costs the connection: the venue's word to leave comes as a command.
Reaction reaction_to(Errc code) noexcept {
  switch (code) {
    case Errc::kBadJson:
    case Errc::kMissingField:
    case Errc::kWrongType:
    case Errc::kBadNumber:
    case Errc::kBadTime:
    case Errc::kUnknownInstrument:
    case Errc::kTooLarge:
      return Reaction::kQuarantine;
    case Errc::kSequenceGap:
    case Errc::kBadChecksum:
      return Reaction::kResync;
    case Errc::kRefused:
      return Reaction::kReport;
  }
  // A value that is no Errc can only come from memory gone wrong: keep the frame as evidence.
  return Reaction::kQuarantine;
}

// Found by Boost.System when value() is called on a failure: only start-up code and tests do that.
void throw_exception_from_error(const Error& error, const boost::source_location& /*where*/) {
  throw std::runtime_error(std::string(name(error.code)) + " at " + error.where);
}

}  // namespace millrace::normalize

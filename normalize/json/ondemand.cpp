#include "normalize/json/ondemand.h"

#include <fmt/format.h>

namespace millrace::normalize {

JsonParser::JsonParser() : impl_(std::make_unique<Impl>()) {}
JsonParser::~JsonParser() = default;
JsonParser::JsonParser(JsonParser&&) noexcept = default;
JsonParser& JsonParser::operator=(JsonParser&&) noexcept = default;

// A member of another type and a missing one are told apart, as one is a change of the venue and the other often a new
// message kind. Whatever simdjson cannot read at all is kBadJson.
Errc errc_of(simdjson::error_code code) noexcept {
  switch (code) {
    case simdjson::NO_SUCH_FIELD:
    case simdjson::INDEX_OUT_OF_BOUNDS:
      return Errc::kMissingField;
    case simdjson::INCORRECT_TYPE:
      return Errc::kWrongType;
    case simdjson::NUMBER_ERROR:
    case simdjson::NUMBER_OUT_OF_RANGE:
      return Errc::kBadNumber;
    case simdjson::CAPACITY:
      return Errc::kTooLarge;
    default:
      return Errc::kBadJson;
  }
}

Error field_error(simdjson::error_code code, std::string_view place) { return {errc_of(code), std::string(place)}; }

std::string row_place(std::string_view array, std::size_t row, std::string_view member) {
  return fmt::format("{}[{}].{}", array, row, member);
}

}  // namespace millrace::normalize

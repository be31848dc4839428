#pragma once

#include "millrace/v1/common.pb.h"
#include "schemas/events/account.h"

// How a struct's body gets into protoc's class, field by field.
namespace millrace::v1 {
class Balance;
class Cursor;
class Execution;
class Recovery;
}  // namespace millrace::v1

namespace millrace::schemas::testing {

// Sets an optional field. A macro, as protoc gives each field a setter of its own name.
#define SET_OPTIONAL(message, field, value) \
  if (value) (message).set_##field(*(value))
#define SET_DECIMAL(message, field, value) \
  if (value) set_decimal(*(message).mutable_##field(), *(value))

inline void set_decimal(v1::Decimal& out, const WideDecimal& value) {
  if (!value.text.empty()) return out.set_text(value.text);
  out.set_mantissa(value.value.mantissa);
  out.set_exponent(value.value.exponent);
}

void set_body(v1::Execution& out, const Execution& body);
void set_body(v1::Balance& out, const Balance& body);
void set_body(v1::Recovery& out, const Recovery& body);
void set_body(v1::Cursor& out, const Cursor& body);

}  // namespace millrace::schemas::testing

#pragma once

#include "clients/cpp/src/record.h"
#include "millrace/events.h"
#include "schemas/codec/decode.h"

// Decoded records as the values that listeners get.
namespace millrace::client {

Execution to_execution(const schemas::Decoded<schemas::Execution>& from, const Record& record);
Balance to_balance(const schemas::Decoded<schemas::Balance>& from, const Record& record);
// Requires a watermark.
Recovered to_recovered(const schemas::Decoded<schemas::Recovery>& from);

}  // namespace millrace::client
